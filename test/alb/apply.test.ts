import assert from "node:assert/strict";
import { test } from "node:test";

import { TAGS } from "../../src/alb/plan/ownership.ts";
import type { Step } from "../../src/alb/plan/step.ts";
import { AppError } from "../../src/kernel/index.ts";
import { NAME, applyRig, stackSteps } from "./apply-kit.ts";
import { settled } from "./kit/end-state.ts";
import { CERTIFICATES, OWNERSHIP } from "./kit/first-world.ts";

const FOREIGN = "hf-lab-0000000000000000";

test("what is planned is made, is ours by its tags, and making it again changes nothing", async (t) => {
  const rig = await applyRig(t);
  const first = await rig.apply(stackSteps());
  assert.deepEqual({ ...first, writes: 0 }, { writes: 0, problems: [], unfinished: new Set(), stopped: undefined });
  const made = settled(rig.account.store.now, [], OWNERSHIP);
  assert.equal(made.filter((line) => line.startsWith(`listener ${NAME}`)).length, 2);
  assert.ok(made.some((line) => line.startsWith(`target group ${NAME} HTTP 9999 ip`) && line.includes(" 2 targets")));
  assert.ok(made.some((line) => line.startsWith(`tags of load balancer ${NAME}`) && line.includes(TAGS.protection)));
  const again = await rig.apply(stackSteps());
  assert.deepEqual(again.problems, []);
  assert.deepEqual(settled(rig.account.store.now, [], OWNERSHIP), made);
  assert.deepEqual(rig.account.losses, []);
});

for (const action of ["CreateSecurityGroup", "CreateTargetGroup", "CreateLoadBalancer", "CreateListener", "RegisterTargets"]) {
  test(`${action} whose answers are all lost is adopted, and none is made twice`, async (t) => {
    const { made } = await faultless();
    const rig = await applyRig(t);
    for (const kind of ["lose-answer", "fail-after"] as const)
      rig.account.faults.add({ id: kind, action, from: 1, count: 4, fault: { kind } });
    const first = await rig.apply(stackSteps());
    assert.deepEqual(
      first.problems.filter(({ step }) => step !== "register-targets"),
      [],
    );
    rig.account.faults.clear();
    await rig.apply(stackSteps());
    assert.deepEqual(settled(rig.account.store.now, [], OWNERSHIP), made);
    assert.deepEqual(rig.account.losses, []);
  });
}

/** The account after a run in which nothing went wrong, and how many calls it took. */
async function faultless(): Promise<{ readonly made: readonly string[]; readonly calls: number }> {
  const rig = await applyRig();
  const { length } = rig.account.calls;
  await rig.apply(stackSteps());
  const done = { made: settled(rig.account.store.now, [], OWNERSHIP), calls: rig.account.calls.length - length };
  await rig.close();
  return done;
}

test("stopped after any of its calls and begun anew it comes to the same, with nothing twice and nothing left", async () => {
  const { made, calls } = await faultless();
  for (let last = 1; last <= calls; last++) {
    const rig = await applyRig();
    // As if the process had died: no call after that one arrives.
    rig.account.faults.add({ id: "dead", action: "*", from: last + 1, count: Number.POSITIVE_INFINITY, fault: { kind: "reset" } });
    await rig.apply(stackSteps());
    rig.account.faults.clear();
    await rig.clock.pass(60_000);
    const { problems } = await rig.apply(stackSteps());
    assert.deepEqual(problems, [], `after call ${last}`);
    assert.deepEqual(settled(rig.account.store.now, [], OWNERSHIP), made, `after call ${last}`);
    assert.deepEqual(rig.account.losses, [], `after call ${last}`);
    await rig.close();
  }
});

test("a name that somebody else has is left alone, and the other load balancers are made", async (t) => {
  const rig = await applyRig(t);
  const before = rig.account.store.now;
  const { problems, unfinished } = await rig.apply([...stackSteps(FOREIGN), ...stackSteps()]);
  assert.ok(problems.some(({ code, reason }) => code === "ALB_NOT_OURS" && reason === "NotOurs"));
  assert.deepEqual(unfinished, new Set([FOREIGN]));
  for (const [arn, one] of before.loadBalancers) assert.equal(rig.account.store.now.loadBalancers.get(arn), one);
  for (const [arn, one] of before.targetGroups) assert.equal(rig.account.store.now.targetGroups.get(arn), one);
  assert.ok(settled(rig.account.store.now, [], OWNERSHIP).some((line) => line.startsWith(`load balancer ${NAME} `)));
  assert.deepEqual(rig.account.losses, []);
});

test("a certificate that is not there keeps no other one out, and is told by its reason", async (t) => {
  const rig = await applyRig(t);
  const missing = CERTIFICATES.shop.replace("aaaaaaaa", "ffffffff");
  const steps = stackSteps().map((step): Step =>
    step.type === "add-certificates" ? { ...step, arns: [missing, CERTIFICATES.wildcard, CERTIFICATES.api] } : step,
  );
  const { problems, unfinished } = await rig.apply(steps);
  assert.deepEqual(
    problems.map(({ step, reason }) => ({ step, reason })),
    [{ step: "add-certificates", reason: "CertificateNotFound" }],
  );
  assert.deepEqual(unfinished, new Set([NAME]));
  const listener = [...rig.account.store.now.listeners.values()].find(
    ({ port, certificates }) => port === 443 && certificates[0] === CERTIFICATES.shop,
  );
  assert.deepEqual(listener?.certificates.toSorted(), [CERTIFICATES.api, CERTIFICATES.shop, CERTIFICATES.wildcard].toSorted());
});

test("after the lease is lost nothing is written, and it is said why", async (t) => {
  const rig = await applyRig(t);
  let asked = 0;
  rig.state.guard = () => {
    if (++asked > 6) throw new AppError("KUBE_NOT_LEADER", "another one leads");
    return 7;
  };
  const { stopped, unfinished } = await rig.apply([...stackSteps(), ...stackSteps("hf-lab-other")]);
  assert.equal(stopped?.code, "KUBE_NOT_LEADER");
  assert.deepEqual(unfinished, new Set([NAME, "hf-lab-other"]));
  const { version } = rig.account.store.now;
  await rig.apply(stackSteps());
  assert.equal(rig.account.store.now.version, version);
});

test("a write that AWS says is done and is not is found out", async (t) => {
  const rig = await applyRig(t);
  rig.account.faults.add({ id: "register", action: "RegisterTargets", from: 1, count: 1, fault: { kind: "no-effect" } });
  rig.account.faults.add({ id: "listener", action: "CreateListener", from: 1, count: 1, fault: { kind: "no-effect" } });
  const { problems, unfinished } = await rig.apply(stackSteps());
  assert.deepEqual(
    problems.map(({ step, code }) => ({ step, code })),
    [
      { step: "register-targets", code: "ALB_NO_EFFECT" },
      { step: "create-listener", code: "ALB_NO_EFFECT" },
    ],
  );
  assert.deepEqual(unfinished, new Set([NAME]));
});

test("missing permissions and used up quotas are told so that they can be mended, and what does not need them goes on", async (t) => {
  const rig = await applyRig(t);
  const deny = (action: string, code: string): void =>
    rig.account.faults.add({ id: action, action, from: 1, count: 9, fault: { kind: "error", status: 403, code, message: "no" } });
  deny("CreateSecurityGroup", "UnauthorizedOperation");
  deny("CreateTargetGroup", "TooManyTargetGroups");
  const { problems } = await rig.apply(stackSteps());
  const [first, second] = problems;
  assert.equal(first?.reason, "MissingPermission");
  assert.match(first?.message ?? "", /ec2:CreateSecurityGroup/);
  assert.equal(second?.reason, "QuotaExceeded");
  assert.match(second?.message ?? "", /Target Groups per Region/);
  assert.equal(problems.length, 2, "what waits for them is no problem of its own");
  assert.deepEqual(
    rig.decisions.filter(({ outcome }) => outcome === "waits").map(({ what }) => what),
    [
      "authorize-ingress",
      "register-targets",
      "create-load-balancer",
      "create-listener",
      "create-listener",
      "add-certificates",
      "set-load-balancer-attributes",
      "tag",
    ],
  );
});

test("the default certificate of a listener stays when its other settings change", async (t) => {
  const rig = await applyRig(t);
  await rig.apply(stackSteps());
  const { loadBalancers, listeners } = rig.account.store.now;
  const arn = [...loadBalancers.values()].find(({ name }) => name === NAME)?.arn ?? "";
  const listener = [...listeners.values()].find((one) => one.loadBalancerArn === arn && one.port === 443);
  const group = [...rig.account.store.now.targetGroups.values()].find(({ name }) => name === NAME)?.arn;
  const wantedListener = {
    port: 443,
    protocol: "HTTPS",
    sslPolicy: "ELBSecurityPolicy-2016-08",
    certificates: [CERTIFICATES.api],
    action: { type: "forward" },
  } as const;
  const steps: readonly Step[] = [{ effect: "change", type: "modify-listener", name: NAME, listener: wantedListener }];
  const observedStack = {
    name: NAME,
    loadBalancer: { state: "fresh", atMs: 0, value: { arn, listeners: [{ port: 443, arn: listener?.arn }] } },
    targetGroup: { state: "fresh", atMs: 0, value: { arn: group } },
    securityGroup: { state: "unknown", why: "not read" },
  } as never;
  const { problems } = await rig.apply(steps, {
    stacks: new Map([[NAME, observedStack]]),
    autoScalingGroups: { state: "unknown", why: "" },
  });
  assert.deepEqual(problems, []);
  const changed = rig.account.store.now.listeners.get(listener?.arn ?? "");
  assert.equal(changed?.sslPolicy, "ELBSecurityPolicy-2016-08");
  assert.equal(changed?.certificates[0], CERTIFICATES.shop);
});
