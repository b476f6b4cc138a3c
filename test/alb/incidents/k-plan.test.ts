import assert from "node:assert/strict";
import { test } from "node:test";
import type { Certificate } from "../../../src/alb/model/certificate-choice.ts";
import { type Claim, ownerKey } from "../../../src/alb/model/claim.ts";
import type { Layout } from "../../../src/alb/model/desired.ts";
import { layOut } from "../../../src/alb/model/layout.ts";
import { placedFrom } from "../../../src/alb/model/placed.ts";
import { plan } from "../../../src/alb/plan/plan.ts";
import { resolveAll } from "../../../src/alb/plan/resolve.ts";
import type { Step } from "../../../src/alb/plan/step.ts";
import { SETTINGS, ZONES, network } from "../../../src/alb/plan/testing/desired-kit.ts";
import { ModelAccount, fresh } from "../../../src/alb/plan/testing/model-account.ts";
import { NOW_MS, certificateOf, claimOf } from "../../../src/alb/testing/claims.ts";

const NODES = { by: "auto-scaling-groups", names: fresh(["nodes"]) } as const;
const HOSTS = ["a", "b", "c", "d", "e"];
const CERTIFICATES = HOSTS.map((host) => certificateOf(host, [`${host}.org`]));
const CLAIMS = HOSTS.map((host) => claimOf(host, [`${host}.org`]));

interface Given {
  readonly claims?: readonly Claim[];
  readonly certificates?: readonly Certificate[];
  readonly settings?: typeof SETTINGS;
}

/** Two certificates are as many as a load balancer is given, so that there are several. */
function layoutFor(account: ModelAccount, { claims = CLAIMS, certificates = CERTIFICATES, settings = SETTINGS }: Given): Layout {
  const placed = placedFrom(account.observed().stacks, new Map());
  return layOut(claims, certificates, placed, { ...settings, mostCertificates: 2 }, NOW_MS);
}

/** What a controller that remembers nothing would do. */
function stepsFor(account: ModelAccount, given: Given): readonly Step[] {
  const { settings = SETTINGS } = given;
  const { loadBalancers } = layoutFor(account, given);
  const observed = account.observedFor(loadBalancers.map(({ name }) => name));
  return plan(resolveAll(loadBalancers, fresh(network()), settings), observed, NODES, settings).steps;
}

/** Does all of it, until nothing is left to do; answers what it was. */
function settle(account: ModelAccount, given: Given = {}): readonly Step[] {
  const done: Step[] = [];
  for (let round = 1; ; round++) {
    const steps = stepsFor(account, given);
    if (steps.length === 0) return done;
    assert.ok(round < 8, `it does not come to rest: ${JSON.stringify(steps)}`);
    done.push(...steps);
    account.apply(steps);
  }
}

/** The objects once their statuses say where they are served. */
function told(account: ModelAccount, claims: readonly Claim[] = CLAIMS): readonly Claim[] {
  const { placeOf } = layoutFor(account, { claims });
  const { stacks } = account.observed();
  return claims.map((claim) => {
    const loadBalancer = stacks.get(placeOf.get(ownerKey(claim.owner)) ?? "")?.loadBalancer;
    assert.ok(loadBalancer?.state === "fresh" && loadBalancer.value !== undefined);
    return { ...claim, statusHosts: [loadBalancer.value.dnsName] };
  });
}

const kinds = (steps: readonly Step[]): readonly string[] => [...new Set(steps.map(({ type }) => type))].toSorted();

function allServed(): ModelAccount {
  const account = new ModelAccount(ZONES, ["nodes"]);
  settle(account);
  return account;
}

test("K1, K2: without certificates, or with some of them, nothing of a load balancer is planned to go but certificates, and it is not made again", () => {
  const account = allServed();
  const claims = told(account);
  assert.equal(account.observed().stacks.size, 3);
  assert.deepEqual(stepsFor(account, { claims, certificates: [] }), []);
  for (const left of HOSTS.keys()) {
    const steps = stepsFor(account, { claims, certificates: CERTIFICATES.slice(left) });
    // These are held, and looked at once more by what the objects' hosts are.
    assert.deepEqual(
      kinds(steps).filter((kind) => kind !== "remove-certificates" && kind !== "replace-default-certificate"),
      [],
    );
  }
});

test("K14: other settings change what is there in place, each thing once, and make nothing anew", () => {
  const account = allServed();
  const healthCheck = { ...SETTINGS.healthCheck, path: "/other" };
  const attributes = new Map([["idle_timeout.timeout_seconds", "120"]]);
  const done = settle(account, { settings: { ...SETTINGS, healthCheck, attributes, sslPolicy: "ELBSecurityPolicy-2016-08" } });
  assert.deepEqual(kinds(done), ["modify-listener", "modify-target-group", "set-load-balancer-attributes"]);
  assert.equal(done.length, 3 * account.observed().stacks.size);
});

test("K17: load balancers for different SSL policies stay while certificates come and go", () => {
  const policies = ["ELBSecurityPolicy-2016-08", "ELBSecurityPolicy-FS-1-2-Res-2020-10", undefined];
  const claims = CLAIMS.map((claim, at) => {
    const sslPolicy = policies[at % policies.length];
    return sslPolicy === undefined ? claim : { ...claim, wishes: { sslPolicy } };
  });
  const account = new ModelAccount(ZONES, ["nodes"]);
  settle(account, { claims });
  const served = told(account, claims);
  const names = [...account.observed().stacks.keys()].toSorted();
  const renewed = HOSTS.map((host) => certificateOf(`${host}-2`, [`${host}.org`], { notBeforeMs: NOW_MS - 1 }));
  for (const certificates of [[...CERTIFICATES, ...renewed], renewed, [...renewed, ...CERTIFICATES], CERTIFICATES]) {
    const done = settle(account, { claims: served, certificates });
    assert.deepEqual(
      kinds(done).filter((kind) => !kind.endsWith("-certificates") && kind !== "replace-default-certificate"),
      [],
    );
    assert.deepEqual([...account.observed().stacks.keys()].toSorted(), names);
  }
});

test("K19: who starts and remembers nothing, with objects that say nothing of where they are served, finds each load balancer and changes nothing", () => {
  const account = allServed();
  for (const claims of [CLAIMS, CLAIMS.toReversed(), [...CLAIMS.slice(2), ...CLAIMS.slice(0, 2)]])
    assert.deepEqual(stepsFor(account, { claims }), []);
});
