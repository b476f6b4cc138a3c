import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { plan } from "./plan.ts";
import { type Resolution, resolveAll } from "./resolve.ts";
import type { ObservedListener, ObservedLoadBalancer } from "./observed.ts";
import { removedKeys } from "./step.ts";
import type { WantedTargets } from "./wanted-targets.ts";
import { SETTINGS as DEFAULTS, ZONES, anyHistory, network } from "./testing/desired-kit.ts";
import { ModelAccount, fresh, madeStale } from "./testing/model-account.ts";

const SETTINGS = { ...DEFAULTS, denial: { hosts: ["*.cluster.local"], status: "401", contentType: "text/plain", body: "" } };
const NODES: WantedTargets = { by: "auto-scaling-groups", names: fresh(["nodes"]) };
const RUNS = { numRuns: 300 };

const planned = (account: ModelAccount, resolution: Resolution) =>
  plan(resolution, account.observedFor(resolution.loadBalancers.map(({ name }) => name)), NODES, SETTINGS);

/** What the load balancer that is desired needs of the one that is there. */
function needed({ loadBalancers }: Resolution): ReadonlySet<string> {
  return new Set(
    loadBalancers.flatMap(({ name, listeners }) => [
      `${name} load balancer`,
      `${name} target group`,
      `${name} Auto Scaling group nodes`,
      ...listeners.flatMap(({ port, certificates }) => [
        `${name} listener ${port}`,
        ...certificates.map((arn) => `${name} port ${port} certificate ${arn}`),
      ]),
    ]),
  );
}

test("what is planned again after it was done is nothing, when all removals are permitted", () => {
  fc.assert(
    fc.property(anyHistory(), (history) => {
      const account = new ModelAccount(ZONES, ["nodes", "others"]);
      for (const desired of history) {
        const resolution = resolveAll(desired, fresh(network()), SETTINGS);
        let rounds = 0;
        for (let { steps } = planned(account, resolution); steps.length > 0; { steps } = planned(account, resolution)) {
          account.apply(steps);
          // One after the other go a load balancer, its target group and its security group.
          assert.ok(++rounds < 6, JSON.stringify(steps));
        }
      }
    }),
    RUNS,
  );
});

test("without a word of the hold, three rounds do all that can be done: a port that comes to speak HTTPS has its other certificates in the second, and is led to", () => {
  fc.assert(
    fc.property(anyHistory(), (history) => {
      const account = new ModelAccount(ZONES, ["nodes"]);
      for (const desired of history) {
        const resolution = resolveAll(desired, fresh(network()), SETTINGS);
        for (const _round of [1, 2, 3]) account.apply(planned(account, resolution).steps.filter(({ effect }) => effect !== "remove"));
        assert.deepEqual(
          planned(account, resolution).steps.filter(({ effect }) => effect !== "remove"),
          [],
        );
      }
    }),
    RUNS,
  );
});

test("no plan removes what a desired load balancer needs", () => {
  fc.assert(
    fc.property(anyHistory(), (history) => {
      const account = new ModelAccount(ZONES, ["nodes"]);
      for (const desired of history) {
        const resolution = resolveAll(desired, fresh(network()), SETTINGS);
        const { steps } = planned(account, resolution);
        const kept = needed(resolution);
        for (const step of steps)
          if (step.effect === "remove") for (const key of removedKeys(step)) assert.ok(!kept.has(key), `${step.type} ${key}`);
        account.apply(steps);
      }
    }),
    RUNS,
  );
});

test("after each step each listener that was there still answers with the certificates that it needs", () => {
  fc.assert(
    fc.property(anyHistory(), (history) => {
      const account = new ModelAccount(ZONES, ["nodes"]);
      for (const desired of history) {
        const resolution = resolveAll(desired, fresh(network()), SETTINGS);
        const before = account.observed().stacks;
        for (const step of planned(account, resolution).steps) {
          account.apply([step]);
          for (const wanted of resolution.loadBalancers) {
            const was = balancerIn(before.get(wanted.name)?.loadBalancer);
            const now = balancerIn(account.observed().stacks.get(wanted.name)?.loadBalancer);
            if (was === undefined) continue;
            for (const { port, certificates } of wanted.listeners) {
              const served = listenerOn(was, port);
              if (served === undefined) continue;
              const serves = listenerOn(now, port);
              assert.ok(serves !== undefined, `${step.type}: port ${port} is gone`);
              for (const arn of certificates)
                assert.ok(!served.certificates.includes(arn) || serves.certificates.includes(arn), `${step.type}: ${arn} is gone`);
            }
            assert.ok(
              was.subnets.every(({ zone }) => now?.subnets.some((subnet) => subnet.zone === zone)),
              "a zone is gone",
            );
          }
        }
      }
    }),
    RUNS,
  );
});

test("from an account that cannot be read now nothing is changed or removed", () => {
  fc.assert(
    fc.property(anyHistory(), (history) => {
      const account = new ModelAccount(ZONES, ["nodes"]);
      for (const desired of history) {
        const resolution = resolveAll(desired, fresh(network()), SETTINGS);
        const observed = madeStale(account.observed());
        const known = new Set(observed.stacks.keys());
        const { steps } = plan(resolution, observed, NODES, SETTINGS);
        for (const { effect, name, type } of steps)
          assert.ok(effect === "add" || (effect === "change" && !known.has(name)) || isOfNew(type), `${effect} ${type} ${name}`);
        account.apply(planned(account, resolution).steps);
      }
    }),
    RUNS,
  );
});

test("the order of lists changes nothing", () => {
  fc.assert(
    fc.property(anyHistory(), fc.integer(), (history, seed) => {
      const account = new ModelAccount(ZONES, ["nodes", "others"]);
      for (const desired of history) {
        const resolution = resolveAll(desired, fresh(network()), SETTINGS);
        const straight = planned(account, resolution);
        const { subnets, securityGroups } = network();
        const turned = resolveAll(
          shuffled(desired, seed),
          fresh(network({ subnets: shuffled(subnets, seed), securityGroups: shuffled(securityGroups, seed) })),
          SETTINGS,
        );
        assert.deepEqual(turned.loadBalancers, resolution.loadBalancers);
        const observed = account.observedFor(resolution.loadBalancers.map(({ name }) => name));
        const reordered = { ...observed, stacks: new Map(shuffled([...observed.stacks], seed)) };
        assert.deepEqual(plan(turned, reordered, NODES, SETTINGS), straight);
        account.apply(straight.steps);
      }
    }),
    RUNS,
  );
});

/** Parts of a load balancer that was taken away are made anew, with settings. */
function isOfNew(type: string): boolean {
  return type === "set-target-group-attributes" || type === "set-load-balancer-attributes" || type === "tag" || type === "set-web-acl";
}

function balancerIn(evidence: { readonly state: string; readonly value?: unknown } | undefined): ObservedLoadBalancer | undefined {
  return evidence?.state === "fresh" ? (evidence.value as ObservedLoadBalancer | undefined) : undefined;
}

function listenerOn(balancer: ObservedLoadBalancer | undefined, port: number): ObservedListener | undefined {
  return balancer?.listeners.find((listener) => listener.port === port);
}

function shuffled<T>(list: readonly T[], seed: number): readonly T[] {
  return list
    .map((value, at) => ({ value, rank: Math.imul(seed ^ (at + 1), 2654435761) >>> 0 }))
    .toSorted((one, other) => one.rank - other.rank)
    .map(({ value }) => value);
}
