import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { apply } from "../../src/alb/apply/apply.ts";
import type { DesiredLoadBalancer } from "../../src/alb/model/desired.ts";
import { plan } from "../../src/alb/plan/plan.ts";
import type { Plan } from "../../src/alb/plan/plan-result.ts";
import { resolveAll } from "../../src/alb/plan/resolve.ts";
import { SETTINGS, desired } from "../../src/alb/plan/testing/desired-kit.ts";
import { systemClock } from "../../src/kernel/index.ts";
import { CERTIFICATES, OWNERSHIP } from "./kit/first-world.ts";
import { type Observed, observed } from "./observe-kit.ts";

const denial = { hosts: ["*.cluster.local"], status: "401", contentType: "text/plain", body: "Unauthorized" };
const settings = { ...SETTINGS, ...OWNERSHIP, securityGroups: ["sg-1"], denial };
const NAME = "hf-lab-test";

/** Observes, plans and applies what adds and changes, until there is no more of that; answers the last plan. */
async function converge({ aws, observer, observe }: Observed, wanted: readonly DesiredLoadBalancer[]): Promise<Plan> {
  for (let round = 1; ; round++) {
    const resolution = resolveAll(wanted, await observer.network(), settings);
    assert.deepEqual([...resolution.unresolved], []);
    const seen = await observe(...wanted.map(({ name }) => name));
    const planned = plan(resolution, seen.observed, seen.targets, OWNERSHIP);
    const more = planned.steps.filter(({ effect }) => effect !== "remove");
    if (more.length === 0) return planned;
    assert.ok(round < 6, `it does not end: ${JSON.stringify(more)}`);
    const applied = await apply(more, seen.observed, {
      aws,
      ownership: OWNERSHIP,
      clock: systemClock,
      readBack: { attempts: 3, pauseMs: 50 },
      guard: () => 1,
    });
    assert.deepEqual(applied.problems, []);
    observer.wrote(wanted.map(({ name }) => name));
  }
}

const wantedOf = (change: Partial<DesiredLoadBalancer>): DesiredLoadBalancer =>
  desired({ name: NAME, certificates: [CERTIFICATES.shop, CERTIFICATES.api], ...change });
const application = { type: "application", scheme: "internet-facing", targetType: "instance" } as const;

const cases: readonly (readonly [what: string, before: DesiredLoadBalancer, after: DesiredLoadBalancer, removes: readonly string[]])[] = [
  ["an application load balancer", wantedOf({}), wantedOf({}), []],
  [
    "one with settings, and others",
    wantedOf({ wishes: { inboundCidrs: ["10.0.0.0/8", "2001:db8::/32"], tags: new Map([["team", "shop"]]) } }),
    wantedOf({
      certificates: [CERTIFICATES.wildcard],
      wishes: {
        inboundCidrs: ["192.0.2.0/24"],
        sslPolicy: "ELBSecurityPolicy-2016-08",
        healthCheck: { path: "/other", intervalSeconds: 20 },
        attributes: new Map([["routing.http2.enabled", "false"]]),
        targetGroupAttributes: new Map([["target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage", "30"]]),
        tags: new Map([["team", "checkout"]]),
        listenPorts: [
          { protocol: "HTTP", port: 8080 },
          { protocol: "HTTPS", port: 443 },
        ],
        redirectToPort: 443,
      },
    }),
    ["delete-listener", "remove-certificates", "replace-default-certificate", "revoke-ingress"],
  ],
  [
    "one that is internal",
    wantedOf({ kind: { ...application, scheme: "internal" }, wishes: { subnets: ["subnet-a", "subnet-b"] } }),
    wantedOf({ kind: { ...application, scheme: "internal" }, wishes: { subnets: ["subnet-a", "subnet-b", "subnet-c"] } }),
    [],
  ],
  [
    "a network load balancer",
    wantedOf({ kind: { ...application, type: "network" } }),
    wantedOf({
      kind: { ...application, type: "network" },
      wishes: { attributes: new Map([["load_balancing.cross_zone.enabled", "true"]]), healthCheck: { protocol: "TCP" } },
    }),
    [],
  ],
];

for (const [what, before, after, removes] of cases)
  test(`what is planned for ${what} is done in a few rounds, and then nothing is left to add or change`, async (t: TestContext) => {
    const rig = await observed(t, { readsRules: true });
    rig.account.faults.add({ id: "rule", action: "CreateRule", from: 1, count: 1, fault: { kind: "lose-answer" } });
    assert.deepEqual((await converge(rig, [before])).steps, []);
    const { steps } = await converge(rig, [after]);
    assert.deepEqual([...new Set(steps.map(({ type }) => type))].toSorted(), removes);
    const rules = [...rig.account.store.now.rules.values()];
    const isDenied = after.kind.type === "application" && after.kind.scheme === "internet-facing";
    assert.deepEqual(
      rules.map(({ conditions, actions }) => [conditions[0]?.["Values"], actions[0]?.["FixedResponseConfig"]]),
      rules.map(() => [denial.hosts, { StatusCode: "401", ContentType: "text/plain", MessageBody: "Unauthorized" }]),
    );
    const forwarding = [...rig.account.store.now.listeners.values()].filter(
      ({ arn, defaultActions }) => arn.includes(NAME) && defaultActions[0]?.Type === "forward",
    );
    for (const { arn } of forwarding)
      assert.equal(rules.filter(({ listenerArn }) => listenerArn === arn).length, isDenied ? 1 : 0, "one rule, though an answer was lost");
    // What is desired no more: its load balancer goes first, and nothing else yet.
    const { observed: seen, targets } = await rig.observe();
    assert.deepEqual(plan({ loadBalancers: [], unresolved: new Map() }, seen, targets, OWNERSHIP).steps, [
      { effect: "remove", type: "delete-load-balancer", name: NAME },
    ]);
  });

test("without the right to read rules nothing is denied, and all the rest is done", async (t: TestContext) => {
  const rig = await observed(t, { readsRules: true });
  const fault = {
    kind: "error",
    status: 403,
    code: "AccessDenied",
    message: "not authorized to perform: elasticloadbalancing:DescribeRules",
  } as const;
  rig.account.faults.add({ id: "denied", action: "DescribeRules", from: 1, count: Number.POSITIVE_INFINITY, fault });
  const wanted = wantedOf({});
  const resolution = resolveAll([wanted], await rig.observer.network(), settings);
  for (let round = 1; round <= 4; round++) {
    const seen = await rig.observe(NAME);
    const planned = plan(resolution, seen.observed, seen.targets, OWNERSHIP);
    await apply(planned.steps, seen.observed, {
      aws: rig.aws,
      ownership: OWNERSHIP,
      clock: systemClock,
      readBack: { attempts: 3, pauseMs: 50 },
      guard: () => 1,
    });
    rig.observer.wrote([NAME]);
  }
  const { observed: seen, targets } = await rig.observe(NAME);
  const { steps, notes } = plan(resolution, seen, targets, OWNERSHIP);
  assert.deepEqual(steps, []);
  assert.match(notes.map(({ why }) => why).join(), /rules on port 443 cannot be told .*DescribeRules/);
  assert.equal(rig.account.store.now.rules.size, 0);
});
