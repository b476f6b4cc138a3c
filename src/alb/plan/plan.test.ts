import assert from "node:assert/strict";
import { test } from "node:test";
import type { DesiredLoadBalancer } from "../model/desired.ts";
import type { Evidence } from "../evidence.ts";
import type { Observed, ObservedLoadBalancer, ObservedStack, ObservedTargetGroup } from "./observed.ts";
import { TAGS } from "./ownership.ts";
import { plan } from "./plan.ts";
import { resolveAll } from "./resolve.ts";
import type { Step } from "./step.ts";
import type { WantedTargets } from "./wanted-targets.ts";
import { SETTINGS, ZONES, desired, network } from "./testing/desired-kit.ts";
import { ModelAccount, fresh } from "./testing/model-account.ts";

const NODES: WantedTargets = { by: "auto-scaling-groups", names: fresh(["nodes"]) };
const NAME = "hf-test-1";

const planFor = (wanted: readonly DesiredLoadBalancer[], observed: Observed, targets: WantedTargets = NODES) =>
  plan(resolveAll(wanted, fresh(network()), SETTINGS), observed, targets, SETTINGS);
const kinds = (steps: readonly Step[]): readonly string[] => steps.map(({ type }) => type);
const routers = (...ids: readonly string[]): WantedTargets => ({
  by: "addresses",
  targets: fresh(ids.map((id) => ({ id, port: 9999, zone: undefined }))),
});

/** The account with one load balancer that is as it should be. */
function made(wanted: DesiredLoadBalancer = desired(), targets: WantedTargets = NODES): ModelAccount {
  const account = new ModelAccount(ZONES, ["nodes", "others"]);
  for (const _round of [1, 2, 3]) account.apply(planFor([wanted], account.observedFor([wanted.name]), targets).steps);
  return account;
}

/** The same with another load balancer or target group. */
function withStack(observed: Observed, change: Partial<ObservedStack>): Observed {
  const stack = observed.stacks.get(NAME);
  assert.ok(stack !== undefined);
  return { ...observed, stacks: new Map([...observed.stacks, [NAME, { ...stack, ...change }]]) };
}

function balancerOf(observed: Observed): ObservedLoadBalancer {
  const evidence = observed.stacks.get(NAME)?.loadBalancer;
  assert.ok(evidence?.state === "fresh" && evidence.value !== undefined);
  return evidence.value;
}

function groupOf(observed: Observed): ObservedTargetGroup {
  const evidence = observed.stacks.get(NAME)?.targetGroup;
  assert.ok(evidence?.state === "fresh" && evidence.value !== undefined);
  return evidence.value;
}

test("what a load balancer needs comes before it, and HTTP forwards until HTTPS is there", () => {
  const account = new ModelAccount(ZONES, ["nodes"]);
  const wanted = desired({ certificates: ["cert-1", "cert-2"], wishes: { inboundCidrs: ["10.0.0.0/8"] } });
  assert.deepEqual(kinds(planFor([wanted], account.observedFor([NAME])).steps), [
    "create-security-group",
    "authorize-ingress",
    "create-target-group",
    "attach-auto-scaling-group",
    "create-load-balancer",
    "create-listener",
    "add-certificates",
    "create-listener",
    "set-target-group-attributes",
    "set-load-balancer-attributes",
    "set-load-balancer-attributes",
  ]);
});

test("deletion protection is switched on once and remembered when it is seen; what somebody else does to it then stays", () => {
  const account = new ModelAccount(ZONES, ["nodes"]);
  account.apply(planFor([desired()], account.observedFor([NAME])).steps);
  const before = balancerOf(account.observed());
  assert.deepEqual([before.attributes.get("deletion_protection.enabled"), before.tags.get(TAGS.protection)], ["true", "wanted"]);
  account.apply(planFor([desired()], account.observed()).steps);
  const observed = account.observed();
  const balancer = balancerOf(observed);
  assert.equal(balancer.tags.get(TAGS.protection), "set");
  const attributes = new Map([...balancer.attributes, ["deletion_protection.enabled", "false"]]);
  assert.deepEqual(planFor([desired()], withStack(observed, { loadBalancer: fresh({ ...balancer, attributes }) })).steps, []);
});

test("L5: deletion protection that an object asks for stays on and is not ours to take off, until the object asks for it no more", () => {
  const asked = desired({ wishes: { attributes: new Map([["deletion_protection.enabled", "true"]]) } });
  const tagAndState = (account: ModelAccount): readonly unknown[] => {
    const { tags, attributes } = balancerOf(account.observed());
    return [tags.get(TAGS.protection), attributes.get("deletion_protection.enabled")];
  };
  const account = made(asked);
  assert.deepEqual(tagAndState(account), ["kept", "true"]);
  const balancer = balancerOf(account.observed());
  const off = withStack(account.observed(), { loadBalancer: fresh({ ...balancer, attributes: new Map() }) });
  assert.deepEqual(kinds(planFor([asked], off).steps).at(0), "set-load-balancer-attributes");
  for (const [wanted, tag] of [
    [desired(), "set"],
    [asked, "kept"],
  ] as const) {
    account.apply(planFor([wanted], account.observed()).steps);
    assert.deepEqual(tagAndState(account), [tag, "true"]);
  }
  // Somebody else's stays somebody else's.
  const foreign = new Map([...balancer.tags].filter(([key]) => key !== TAGS.protection));
  for (const wanted of [asked, desired()])
    assert.deepEqual(planFor([wanted], withStack(account.observed(), { loadBalancer: fresh({ ...balancer, tags: foreign }) })).steps, []);
});

test("nobody's deletion protection is touched where an object asks for none", () => {
  const wanted = desired({ wishes: { attributes: new Map([["deletion_protection.enabled", "false"]]) } });
  const balancer = balancerOf(made(wanted).observed());
  assert.deepEqual([balancer.attributes.has("deletion_protection.enabled"), balancer.tags.has(TAGS.protection)], [false, false]);
});

test("HTTP is redirected when the port for HTTPS is seen to be open, and to the port before until then", () => {
  const account = new ModelAccount(ZONES, ["nodes"]);
  const redirects = (): readonly (readonly [number, string | undefined])[] =>
    balancerOf(account.observed()).listeners.map(({ port, defaultActions }) => [port, defaultActions[0]?.redirect?.["Port"]] as const);
  account.apply(planFor([desired()], account.observedFor([NAME])).steps);
  assert.deepEqual(
    new Map(redirects()),
    new Map([
      [443, undefined],
      [80, undefined],
    ]),
  );
  account.apply(planFor([desired()], account.observed()).steps);
  assert.deepEqual(
    new Map(redirects()),
    new Map([
      [443, undefined],
      [80, "443"],
    ]),
  );
  const listenPorts = [
    { protocol: "HTTP", port: 80 },
    { protocol: "HTTPS", port: 8443 },
  ] as const;
  const moved = desired({ wishes: { listenPorts, redirectToPort: 8443 } });
  const first = planFor([moved], account.observed()).steps;
  assert.deepEqual(kinds(first), ["create-listener"]);
  account.apply(first);
  assert.deepEqual(kinds(planFor([moved], account.observed()).steps), ["modify-listener", "delete-listener"]);
});

test("without certificates HTTPS is not opened and HTTP is not redirected; one that is open stays with what it has", () => {
  const account = new ModelAccount(ZONES, ["nodes"]);
  const { steps, notes } = planFor([desired({ certificates: [] })], account.observedFor([NAME]));
  const listeners = steps.flatMap((step) => (step.type === "create-listener" ? [step.listener] : []));
  assert.deepEqual(
    listeners.map(({ port, action }) => [port, action.type]),
    [[80, "forward"]],
  );
  assert.deepEqual(
    notes.map(({ why }) => why),
    ["port 443 is not opened: there is no certificate for its hosts"],
  );
  assert.deepEqual(planFor([desired({ certificates: [] })], made().observed()).steps, []);
});

test("K2, K21: a certificate is added before another goes, and the default one goes by being replaced by one that is there", () => {
  const account = made();
  const swapped = desired({ certificates: ["cert-2"] });
  const first = planFor([swapped], account.observed()).steps;
  assert.deepEqual(kinds(first), ["add-certificates"]);
  account.apply(first);
  assert.deepEqual(planFor([swapped], account.observed()).steps, [
    { effect: "remove", type: "replace-default-certificate", name: NAME, port: 443, arn: "cert-1", by: "cert-2" },
  ]);
});

test("L15: more certificates than there is place for are added as far as there is, and the rest is told", () => {
  const many = Array.from({ length: 26 }, (_, at) => `cert-${String(at).padStart(2, "0")}`);
  const account = made(desired({ certificates: many }));
  const others = desired({ certificates: [...many.slice(0, 24), "new-1", "new-2", "new-3"] });
  const { steps, notes } = planFor([others], account.observed());
  assert.deepEqual(
    steps.map(({ type, effect }) => [type, effect]),
    [["remove-certificates", "remove"]],
  );
  assert.match(notes[0]?.why ?? "", /place for 0 more certificates and needs 3/);
});

test("L15: on a listener that is full but for the one place that is kept free a certificate is exchanged by adding first", () => {
  const full = Array.from({ length: SETTINGS.mostCertificates }, (_, at) => `cert-${String(at).padStart(2, "0")}`);
  const account = made(desired({ certificates: full }));
  const exchanged = desired({ certificates: [...full.slice(0, -1), "cert-new"] });
  assert.deepEqual(planFor([exchanged], account.observed()).steps, [
    { effect: "add", type: "add-certificates", name: NAME, port: 443, arns: ["cert-new"] },
    { effect: "remove", type: "remove-certificates", name: NAME, port: 443, arns: [full.at(-1)] },
  ]);
});

test("a listener on a port that is not wanted any more goes when all that are wanted are there", () => {
  const account = made();
  const moved = desired({ wishes: { listenPorts: [{ protocol: "HTTPS", port: 8443 }] } });
  const first = planFor([moved], account.observed());
  assert.deepEqual(kinds(first.steps), ["create-listener"]);
  assert.equal(first.notes.length, 2);
  account.apply(first.steps);
  assert.deepEqual(
    planFor([moved], account.observed()).steps.map((step) => (step.type === "delete-listener" ? step.port : step)),
    [80, 443],
  );
});

test("what does not bear our tags is left alone, also on a load balancer of ours", () => {
  const observed = made().observed();
  const balancer = balancerOf(observed);
  const foreign = { ...balancer, tags: new Map([...balancer.tags, [TAGS.controller, "other"]]) };
  const changed = desired({ wishes: { attributes: new Map([["routing.http2.enabled", "false"]]) } });
  for (const wanted of [[changed], []]) {
    const { steps, notes } = planFor(wanted, withStack(observed, { loadBalancer: fresh(foreign) }));
    assert.deepEqual(steps, []);
    assert.match(notes[0]?.why ?? "", /not tagged as ours: it is left alone/);
  }
  const listeners = balancer.listeners.map((listener) => ({ ...listener, tags: new Map<string, string>() }));
  const moved = desired({ wishes: { listenPorts: [{ protocol: "HTTP", port: 80 }] } });
  const { steps } = planFor([moved], withStack(observed, { loadBalancer: fresh({ ...balancer, listeners }) }));
  assert.deepEqual(steps, []);
});

test("K6, K13: of what is not desired any more the target group stays whole until its load balancer is known to be gone", () => {
  const account = made();
  const rounds: (readonly string[])[] = [];
  for (let { steps } = planFor([], account.observed()); steps.length > 0; { steps } = planFor([], account.observed())) {
    rounds.push(kinds(steps));
    account.apply(steps);
  }
  assert.deepEqual(rounds, [["delete-load-balancer"], ["detach-auto-scaling-group", "delete-target-group"]]);
});

test("K6: a load balancer that is half made, failed, or cannot be read keeps its target group in its Auto Scaling groups", () => {
  const observed = made().observed();
  const balancer = balancerOf(observed);
  const bare = (state: string) => fresh({ ...balancer, state, listeners: [] });
  const evidences: readonly Evidence<ObservedLoadBalancer | undefined>[] = [
    bare("provisioning"),
    bare("failed"),
    { state: "unknown", why: "AWS_UNAVAILABLE" },
    { state: "stale", value: undefined, atMs: 0, why: "AWS_UNAVAILABLE" },
  ];
  // Nothing forwards to it then.
  const targetGroup = fresh({ ...groupOf(observed), loadBalancerArns: [] });
  for (const loadBalancer of evidences)
    for (const wanted of [[desired()], []]) {
      const removed = planFor(wanted, withStack(observed, { loadBalancer, targetGroup })).steps.filter(({ effect }) => effect === "remove");
      assert.deepEqual(kinds(removed), wanted.length === 0 && loadBalancer.state === "fresh" ? ["delete-load-balancer"] : []);
    }
});

test("one that cannot be resolved keeps all that it has", () => {
  const { steps, notes } = planFor([desired({ wishes: { subnets: ["nope"] } })], made().observed());
  assert.deepEqual(steps, []);
  assert.match(notes[0]?.why ?? "", /^it is left as it is: there is no subnet nope/);
});

test("a zone and IPv6 are added and never taken away", () => {
  const account = made(desired({ wishes: { subnets: ["subnet-a", "subnet-b"] } }));
  const more = planFor([desired({ wishes: { ipAddressType: "dualstack" } })], account.observed());
  assert.deepEqual(kinds(more.steps), ["set-subnets", "set-ip-address-type"]);
  account.apply(more.steps);
  const less = planFor([desired({ wishes: { subnets: ["subnet-a", "subnet-b"] } })], account.observed());
  assert.deepEqual(less.steps, []);
  assert.equal(less.notes.length, 2);
});

test("K10, L8: routers are registered before others go, and none goes while no other is healthy", () => {
  const wanted = desired({ kind: { type: "application", scheme: "internet-facing", targetType: "ip" } });
  const account = made(wanted, routers("10.0.0.1", "10.0.0.2"));
  assert.deepEqual(planFor([wanted], account.observed(), routers()).steps, []);
  const first = planFor([wanted], account.observed(), routers("10.0.0.3"));
  assert.deepEqual(kinds(first.steps), ["register-targets"]);
  account.apply(first.steps);
  const observed = account.observed();
  const group = groupOf(observed);
  const targets = group.targets.map((target) => (target.id === "10.0.0.3" ? { ...target, state: "initial" } : target));
  const waiting = planFor([wanted], withStack(observed, { targetGroup: fresh({ ...group, targets }) }), routers("10.0.0.3"));
  assert.deepEqual(waiting.steps, []);
  assert.match(waiting.notes[0]?.why ?? "", /2 targets that are not wanted any more stay/);
  assert.deepEqual(kinds(planFor([wanted], observed, routers("10.0.0.3")).steps), ["deregister-targets"]);
});

test("L1, L3: a router that is not ready is not registered, and stays where it is registered", () => {
  const wanted = desired({ kind: { type: "application", scheme: "internet-facing", targetType: "ip" } });
  const account = made(wanted, routers("10.0.0.1", "10.0.0.2"));
  const targets = ["10.0.0.1", "10.0.0.2", "10.0.0.3"].map((id) => ({
    id,
    port: 9999,
    zone: undefined,
    ...(id === "10.0.0.1" ? {} : { isUnready: true as const }),
  }));
  assert.deepEqual(planFor([wanted], account.observed(), { by: "addresses", targets: fresh(targets) }).steps, []);
});

test("K11: a router that is draining and comes back is registered again", () => {
  const wanted = desired({ kind: { type: "application", scheme: "internet-facing", targetType: "ip" } });
  const observed = made(wanted, routers("10.0.0.1")).observed();
  const group = groupOf(observed);
  const targets = group.targets.map((target) => ({ ...target, state: "draining" }));
  const { steps } = planFor([wanted], withStack(observed, { targetGroup: fresh({ ...group, targets }) }), routers("10.0.0.1"));
  assert.deepEqual(kinds(steps), ["register-targets"]);
});

test("K9: an Auto Scaling group is detached only when another one that stays serves", () => {
  const account = made();
  const others: WantedTargets = { by: "auto-scaling-groups", names: fresh(["others"]) };
  const first = planFor([desired()], account.observed(), others);
  assert.deepEqual(kinds(first.steps), ["attach-auto-scaling-group"]);
  assert.match(first.notes[0]?.why ?? "", /nodes stay attached: no other one serves/);
  account.apply(first.steps);
  assert.deepEqual(planFor([desired()], account.observed(), others).steps, [
    { effect: "remove", type: "detach-auto-scaling-group", name: NAME, group: "nodes" },
  ]);
  assert.deepEqual(planFor([desired()], account.observed(), { by: "auto-scaling-groups", names: fresh([]) }).steps, []);
});

test("target groups that are gone and keep an Auto Scaling group from starting instances are told with the call that mends it, and not touched", () => {
  const observed = made().observed();
  const groups = observed.autoScalingGroups;
  assert.ok(groups.state === "fresh");
  const value = groups.value.map((group) => ({ ...group, missingTargetGroups: ["arn:gone"] }));
  const { steps, notes } = planFor([desired()], { ...observed, autoScalingGroups: { ...groups, value } });
  assert.deepEqual(steps, []);
  const call = /detach-load-balancer-target-groups --auto-scaling-group-name nodes --target-group-arns arn:gone/;
  assert.ok(
    notes.some(({ why }) => call.test(why)),
    JSON.stringify(notes),
  );
});

test("what is doubtful is added to and nothing else, what is unknown is not touched", () => {
  const observed = made().observed();
  const changed = desired({ certificates: ["cert-2"], wishes: { sslPolicy: "ELBSecurityPolicy-2016-08" } });
  const doubtful: Evidence<ObservedLoadBalancer | undefined> = {
    state: "doubtful",
    value: balancerOf(observed),
    atMs: 0,
    why: "it is missing",
  };
  assert.deepEqual(kinds(planFor([changed], withStack(observed, { loadBalancer: doubtful })).steps), ["add-certificates"]);
  assert.deepEqual(planFor([], withStack(observed, { loadBalancer: doubtful })).steps, []);
  const unknown: Evidence<undefined> = { state: "unknown", why: "AWS_DENIED" };
  assert.deepEqual(planFor([changed], withStack(observed, { loadBalancer: unknown })).steps, []);
});

test("an own security group lets in what is wanted first, then no more, and goes when it is not used", () => {
  const account = made(desired({ wishes: { inboundCidrs: ["10.0.0.0/8"] } }));
  const other = desired({ wishes: { inboundCidrs: ["192.0.2.0/24"] } });
  const first = planFor([other], account.observed()).steps;
  assert.deepEqual(kinds(first), ["authorize-ingress"]);
  account.apply(first);
  const second = planFor([other], account.observed()).steps;
  assert.deepEqual(kinds(second), ["revoke-ingress"]);
  account.apply(second);
  const third = planFor([desired()], account.observed()).steps;
  assert.deepEqual(kinds(third), ["set-security-groups"]);
  account.apply(third);
  assert.deepEqual(kinds(planFor([desired()], account.observed()).steps), ["delete-security-group"]);
});

test("a target group on another port, which AWS cannot change, stays and is told", () => {
  const observed = made().observed();
  const settings = { ...SETTINGS, targetPort: 8080 };
  const { steps, notes } = plan(resolveAll([desired()], fresh(network()), settings), observed, NODES, settings);
  assert.deepEqual(steps, []);
  assert.match(notes[0]?.why ?? "", /HTTP port 9999 .* should be for HTTP port 8080/);
});
