import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { seededRandom } from "../../../kernel/index.ts";
import { type KubeObject, parseLabelSelector } from "../../../kube/index.ts";
import { readNameList } from "../selection/name-list.ts";
import type { SelectionRules } from "../selection/safe.ts";
import { deployment, disruptionBudget, object, rulesOf, worldOf } from "../testing/cluster.ts";
import { type RoundLimits, planRound } from "./plan-round.ts";

const NOW = Date.parse("2026-11-24T12:00:00Z");
const IN = { "holdfast.dev/chaos": "enabled" };
const LIMITS: RoundLimits = { mostKills: 1, mostKillsOfOwner: 1, leastReadyLeft: 1, leastReadyNodes: 0 };

function plan(objects: readonly KubeObject[], rules: Partial<SelectionRules> = {}, limits: Partial<RoundLimits> = {}, seed = 1, nodes = 3) {
  const { victims, spared } = planRound(worldOf(objects, nodes), rulesOf(rules), { ...LIMITS, ...limits }, seededRandom(seed), NOW);
  return { killed: victims.map(({ pod }) => pod.name).toSorted(), why: Object.fromEntries(spared.map(({ pod, why }) => [pod.name, why])) };
}

test("only pods of those who agreed to it are killed, by a label of the pod, its workload or its namespace, ours or kube-monkey's", () => {
  const none = plan(deployment("cart"));
  assert.deepEqual(none.killed, []);
  assert.match(none.why["cart-0"] ?? "", /^nobody agreed to it/);
  assert.equal(plan(deployment("cart", { labels: IN })).killed.length, 1);
  assert.equal(plan(deployment("cart", { annotations: IN })).killed.length, 1);
  assert.equal(plan(deployment("cart", { podLabels: IN })).killed.length, 1);
  assert.equal(plan([...deployment("cart"), object("Namespace", { name: "shop", labels: IN })]).killed.length, 1);
  assert.equal(plan(deployment("cart", { labels: { "kube-monkey/enabled": "enabled" } })).killed.length, 1);
});

test("disabled anywhere is stronger than enabled anywhere, and than selectors; a word that is neither is no agreement; what was agreed to ends", () => {
  const out = { "holdfast.dev/chaos": "disabled" };
  assert.equal(plan(deployment("cart", { labels: IN, podLabels: out })).why["cart-0"], "holdfast.dev/chaos=disabled on its pod");
  assert.deepEqual(plan(deployment("cart", { labels: out }), { optIn: "selectors", labels: parseLabelSelector("app=cart") }).killed, []);
  assert.match(
    plan(deployment("cart", { labels: { "holdfast.dev/chaos": "yes" } })).why["cart-0"] ?? "",
    /is "yes": write enabled or disabled/,
  );
  const until = (day: string): readonly string[] => plan(deployment("cart", { labels: { ...IN, "holdfast.dev/chaos-until": day } })).killed;
  assert.deepEqual([until("2026-11-23").length, until("2026-11-24").length, until("soon").length], [0, 1, 0]);
});

test("chaoskube's trap: of one owner more than one is killed when that is asked for, and less is said so", () => {
  const five = deployment("cart", { labels: IN, replicas: 5 });
  assert.equal(plan(five, {}, { mostKills: 3, mostKillsOfOwner: 3 }).killed.length, 3);
  const one = plan(five, {}, { mostKills: 3 });
  assert.equal(one.killed.length, 1);
  assert.equal(
    Object.values(one.why).filter((why) => why === "1 of Deployment shop/cart are drawn, and no more are allowed of one owner").length,
    4,
  );
});

test("chaoskube's trap: it does not kill itself, nor another one of its own Deployment", () => {
  const self = { namespace: "shop", name: "killer-1" };
  const { killed, why } = plan(deployment("killer", { labels: IN }), { self });
  assert.deepEqual(killed, []);
  assert.deepEqual(why, {
    "killer-0": "it is the killer, another one of it",
    "killer-1": "it is the killer",
    "killer-2": "it is the killer, another one of it",
  });
  assert.deepEqual(plan(deployment("other", { labels: IN, podLabels: { "app.kubernetes.io/name": "holdfast-chaos" } })).killed, []);
});

test("kube-monkey's trap: victims are drawn without replacement", () => {
  const asked = { mostKills: 5, mostKillsOfOwner: 5, leastReadyLeft: 0 };
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 1, max: 12 }), (seed, replicas) => {
      const { killed } = plan(deployment("cart", { labels: IN, replicas }), {}, asked, seed);
      assert.equal(new Set(killed).size, Math.min(5, replicas));
    }),
  );
});

test("each that could be is drawn as often as the others", () => {
  const times = new Map<string, number>();
  for (let seed = 0; seed < 1_000; seed++)
    for (const name of plan(deployment("cart", { labels: IN, replicas: 5 }), {}, {}, seed).killed)
      times.set(name, (times.get(name) ?? 0) + 1);
  assert.equal(times.size, 5);
  for (const [name, count] of times) assert.ok(count > 150 && count < 250, `${name}: ${count} of 1000`);
});

test("nobody is killed in kube-system, and no mirror pod, whatever is asked for", () => {
  const rules = { optIn: "selectors", namespaces: readNameList("kube-system,shop", "--namespaces") } as const;
  assert.equal(plan(deployment("dns", { namespace: "kube-system" }), rules).why["dns-0"], "nobody is killed in kube-system");
  const mirror = object(
    "Pod",
    { name: "static", namespace: "shop", uid: "1", annotations: { "kubernetes.io/config.mirror": "x" } },
    {},
    { phase: "Running" },
  );
  assert.match(plan([mirror], { ...rules, unowned: true }).why["static"] ?? "", /mirror/);
});

test("what is not well is left alone: a rollout, a generation that was not looked at, one that is not ready, a single one", () => {
  const whyNot = (more: Parameters<typeof deployment>[1]): string =>
    plan(deployment("cart", { labels: IN, ...more })).why["cart-0"] ?? "killed";
  assert.equal(whyNot({ ready: 2 }), "Deployment cart: 2 of 3 are ready");
  assert.match(whyNot({ status: { updatedReplicas: 1 } }), /a rollout is under way \(1 of 3 are new, 3 are there\)/);
  assert.match(whyNot({ status: { replicas: 4 } }), /a rollout is under way/);
  assert.match(whyNot({ generation: 2 }), /has not been begun/);
  assert.match(whyNot({ status: { observedGeneration: undefined } }), /does not say/);
  assert.equal(whyNot({ replicas: 1 }), "Deployment shop/cart: 0 would be ready then, and 1 must be");
});

test("a PodDisruptionBudget is counted down as pods are drawn, and two of one pod keep it", () => {
  const five = deployment("cart", { labels: IN, replicas: 5 });
  const asked = { mostKills: 5, mostKillsOfOwner: 5 };
  assert.deepEqual(plan([...five, disruptionBudget("cart", 0)], {}, asked).killed, []);
  const two = plan([...five, disruptionBudget("cart", 2)], {}, asked);
  assert.equal(two.killed.length, 2);
  assert.equal(Object.values(two.why)[0], "PodDisruptionBudget shop/cart-2 allows no more to go");
  assert.match(
    plan([...five, disruptionBudget("cart", 2), disruptionBudget("cart", 3)], {}, asked).why["cart-0"] ?? "",
    /^2 PodDisruptionBudgets/,
  );
  assert.equal(plan([...five, disruptionBudget("cart", 0, "other")], {}, asked).killed.length, 4);
});

test("chaoskube's selectors leave out what they leave out, and the reason names the flag", () => {
  const both = [...deployment("cart", { labels: IN }), ...deployment("search", { labels: IN, namespace: "find" })];
  const whyNot = (rules: Partial<SelectionRules>): string | undefined => plan(both, rules, { mostKills: 9 }).why["cart-0"];
  assert.match(whyNot({ labels: parseLabelSelector("app=search") }) ?? "", /^--labels/);
  assert.match(whyNot({ annotations: parseLabelSelector("a=b") }) ?? "", /^--annotations/);
  assert.match(whyNot({ namespaces: readNameList("fin?", "--x") }) ?? "", /^--namespaces/);
  assert.match(whyNot({ namespaces: readNameList("!shop", "--x") }) ?? "", /^--namespaces/);
  assert.match(whyNot({ namespaceLabels: parseLabelSelector("team=a") }) ?? "", /^--namespace-labels/);
  assert.match(whyNot({ kinds: readNameList("!Deployment", "--x") }) ?? "", /^--kinds/);
  assert.match(whyNot({ kinds: readNameList("DaemonSet,StatefulSet", "--x") }) ?? "", /^--kinds/);
  assert.match(whyNot({ includedNames: (name) => name.startsWith("s") }) ?? "", /^--included-pod-names/);
  assert.match(whyNot({ excludedNames: (name) => name === "cart-0" }) ?? "", /^--excluded-pod-names/);
  assert.match(whyNot({ minimumAgeMs: 24 * 86_400_000 }) ?? "", /^it is younger/);
  assert.equal(plan(both, { kinds: readNameList("ReplicaSet", "--x"), namespaces: readNameList("find", "--x") }).killed.length, 1);
  assert.throws(() => readNameList("shop,kube system", "--namespaces"), {
    code: "CHAOS_SELECTION",
    message: /^--namespaces: "kube system"/,
  });
});

test("what nothing makes again is killed only if that is asked for, what ends already never, and nobody when nodes are missing", () => {
  const bare = object(
    "Pod",
    { name: "bare", namespace: "shop", uid: "1", labels: IN, creationTimestamp: "2026-11-01T00:00:00Z" },
    {},
    { phase: "Running" },
  );
  assert.match(plan([bare]).why["bare"] ?? "", /--unowned-pods/);
  assert.deepEqual(plan([bare], { unowned: true }, { leastReadyLeft: 0 }).killed, ["bare"]);
  const ending = { ...bare, metadata: { ...bare.metadata, deletionTimestamp: "2026-11-24T00:00:00Z" } };
  assert.equal(plan([ending], { unowned: true }, { leastReadyLeft: 0 }).why["bare"], "it is ending already");
  assert.equal(
    plan([bare], { unowned: true }, { leastReadyLeft: 0, leastReadyNodes: 3 }, 1, 2).why["bare"],
    "2 nodes are ready, and --min-ready-nodes is 3",
  );
});
