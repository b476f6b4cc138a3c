import assert from "node:assert/strict";
import { test } from "node:test";
import { plan } from "../../../src/alb/plan/plan.ts";
import type { Step } from "../../../src/alb/plan/step.ts";
import type { Fault } from "../../../src/lab/aws/faults/fault.ts";
import { withRecord } from "../../../src/lab/aws/world/world.ts";
import { CERTIFICATES, OWNERSHIP } from "../kit/first-world.ts";
import { HOUR_MS, type Observed, observed, stackOf, valueOf } from "../observe-kit.ts";
import { wantedShop } from "../removal-kit.ts";

const MINUTE_MS = 60_000;
const NAME = "hf-lab-aaaaaaaaaaaaaaaa";
const OTHER = "hf-lab-bbbbbbbbbbbbbbbb";
const ARNS = [CERTIFICATES.shop, CERTIFICATES.wildcard, CERTIFICATES.api, CERTIFICATES.foreign];

/** From now on every such call is answered so. */
function lie({ account }: Observed, action: string, fault: Fault): void {
  account.faults.add({ id: action, action, from: 1, count: Infinity, fault });
}

const arnsOf = async ({ observer }: Observed, ...states: readonly string[]): Promise<readonly string[]> =>
  valueOf(await observer.certificates(), ...states).map(({ arn }) => arn);

for (const keep of ["half", "none"] as const)
  test(`K2: when the list of certificates lacks ${keep === "half" ? "half" : "all"} of them for a day, they are asked for by their ARNs and none is missing`, async (t) => {
    const it = await observed(t);
    assert.deepEqual(await arnsOf(it, "fresh"), ARNS);
    lie(it, "ListCertificates", { kind: "short-list", keep });
    for (let hour = 0; hour < 24; hour += 2) {
      await it.clock.advance(2 * HOUR_MS);
      assert.deepEqual((await arnsOf(it, "fresh", "doubtful")).toSorted(), ARNS.toSorted());
    }
    assert.ok((it.account.faults.witness()[0]?.met ?? 0) > 5);
  });

/** What would be taken away or made with both load balancers wanted, by kind. */
async function planned(it: Observed): Promise<readonly Step["type"][]> {
  it.observer.lookAgain();
  const { observed: seen, targets } = await it.observe(NAME, OTHER);
  const instances = { kind: { type: "application", scheme: "internet-facing", targetType: "instance" } } as const;
  const loadBalancers = [NAME, OTHER].map((name) => wantedShop(name, [CERTIFICATES.shop], instances));
  const { steps } = plan({ loadBalancers, unresolved: new Map() }, seen, targets, OWNERSHIP);
  return steps.flatMap(({ type, effect }) => (effect === "remove" || /^create-(load-balancer|target-group)/.test(type) ? [type] : []));
}

for (const action of ["DescribeLoadBalancers", "DescribeTargetGroups", "DescribeTags", "DescribeAutoScalingGroups"])
  test(`K7, K8: an hour of empty answers to ${action} detaches nothing, deletes nothing, and makes nothing a second time`, async (t) => {
    const it = await observed(t);
    for (const name of [NAME, OTHER]) {
      const { group } = await stackOf(it.aws, name);
      for (const nodes of ["nodes-a", "nodes-b"]) await it.aws.autoscaling.attachTargetGroups(nodes, [group]);
    }
    await it.observe(NAME, OTHER);
    await it.clock.advance(HOUR_MS);
    await it.observe(NAME, OTHER);
    lie(it, action, { kind: "short-list", keep: "none" });
    for (let minute = 0; minute < 60; minute += 10) {
      assert.deepEqual(await planned(it), [], `after ${minute} minutes`);
      await it.clock.advance(10 * MINUTE_MS);
    }
  });

/** Certificates of IAM, whose bodies are read one by one; that of the second one is nonsense. */
function withServerCertificates({ account }: Observed): void {
  const shop = account.store.now.certificates.get(CERTIFICATES.shop);
  assert.ok(shop !== undefined);
  const nonsense = "-----BEGIN CERTIFICATE-----\nbm9uc2Vuc2U=\n-----END CERTIFICATE-----\n";
  let world = account.store.now;
  for (const [at, arn] of SERVER_ARNS.entries()) {
    const store = { of: "iam", name: nameIn(arn), path: "/", id: `ASCA${at}` } as const;
    const certificate = at === 1 ? nonsense : shop.certificate;
    world = withRecord(world, "certificates", arn, { ...shop, arn, store, certificate });
  }
  account.store.put(world, Date.now());
}

const SERVER_ARNS = ["first", "nonsense", "third"].map((name) => `arn:aws:iam::123456789012:server-certificate/${name}`);
const nameIn = (arn: string): string => arn.slice(arn.lastIndexOf("/") + 1);

test("K18: of the certificates one is nonsense and one cannot be read when the controller starts: all others are used, and what can be read later is used then", async (t) => {
  const it = await observed(t);
  withServerCertificates(it);
  const denied = { kind: "error", status: 400, code: "AccessDenied" } as const;
  it.account.faults.add({ id: "first read", action: "GetServerCertificate", from: 1, count: SERVER_ARNS.length, fault: denied });
  assert.deepEqual(await arnsOf(it, "fresh"), ARNS);
  assert.deepEqual(it.observer.unreadableCertificates(), SERVER_ARNS);
  await it.clock.advance(3 * HOUR_MS);
  const readable = [...ARNS, ...SERVER_ARNS.filter((arn) => nameIn(arn) !== "nonsense")].toSorted();
  assert.deepEqual(await arnsOf(it, "fresh"), readable);
  assert.deepEqual(it.observer.unreadableCertificates(), SERVER_ARNS.slice(1, 2));
  // What is known stays as it was when nothing more can be read of it.
  lie(it, "GetServerCertificate", denied);
  await it.clock.advance(3 * HOUR_MS);
  assert.deepEqual(await arnsOf(it, "fresh"), readable);
});
