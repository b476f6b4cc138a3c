import { readAmount, amountOf } from "../blast/amount.ts";
import { shuffled } from "../blast/plan-blast.ts";
import { type Json, type JsonObject, objectsAt, textAt } from "../document/json.ts";
import type { ArgumentProblem, ArgumentRules } from "../native/argument-rules.ts";
import type { NativeActivity, NativeCall } from "../native/native-activity.ts";
import { ActivityFailed } from "../provider/activity-failed.ts";
import { placeOfTarget } from "./cluster-place.ts";
import { experimentKinds } from "./kinds.ts";
import { type ClusterObject, listed, selecting } from "./listed.ts";
import { cordonOf, podsToDrain, prepareCordon, untilGone } from "./node-faults.ts";
import { prepareDelete } from "./object-faults.ts";
import { preparePodRemoval } from "./pod-faults.ts";
import { SECONDS, lasting } from "./seconds.ts";
import { prepareTaint } from "./taint-fault.ts";

const NODE_CHOICE: ArgumentRules = {
  name: { type: "string", summary: "the node" },
  labels: { type: "string", summary: "label selector, instead: topology.kubernetes.io/zone=a" },
  amount: { type: "any", default: 1, summary: 'how many of those that are selected: 2, or "30%" (rounded down)' },
};

function checkNodeChoice(given: JsonObject, open: ReadonlySet<string> = new Set()): readonly ArgumentProblem[] {
  if (["name", "labels"].every((name) => given[name] === undefined && !open.has(name)))
    return [{ argument: "", message: "nothing says which nodes", mend: "give name or labels" }];
  if (given["amount"] !== undefined && readAmount(given["amount"]) === undefined)
    return [{ argument: "amount", message: `${JSON.stringify(given["amount"])} is no amount`, mend: 'write 2, or "30%"' }];
  return [];
}

async function selectedNodes({ name, labels }: JsonObject, call: NativeCall): Promise<readonly ClusterObject[]> {
  const field = typeof name === "string" ? `metadata.name=${name}` : undefined;
  return listed(call.target.kube(), experimentKinds.nodes, selecting(undefined, typeof labels === "string" ? labels : undefined, field));
}

async function chooseNodes(given: JsonObject, call: NativeCall): Promise<readonly string[]> {
  const nodes = await selectedNodes(given, call);
  const amount = readAmount(given["amount"]) ?? { count: 1 };
  const chosen = shuffled(nodes, call.random).slice(0, amountOf(amount, nodes.length));
  if (chosen.length === 0) throw new ActivityFailed(`no node is taken: ${nodes.length} are selected`);
  const names = chosen.map(({ metadata }) => metadata.name).toSorted();
  call.evidence.recordEvent("blast plan", `${names.length} of ${nodes.length} nodes: ${names.join(", ")}`);
  return names;
}

function onNodes(
  name: string,
  summary: string,
  more: ArgumentRules,
  work: (node: string, given: JsonObject, call: NativeCall) => Promise<void>,
): NativeActivity {
  return {
    name,
    does: "action",
    summary,
    arguments: { ...NODE_CHOICE, ...more },
    check: checkNodeChoice,
    async run(given, call): Promise<Json> {
      const names = await chooseNodes(given, call);
      for (const node of names) await work(node, given, call);
      return names;
    },
  };
}

const cordon = onNodes("nodes/cordon", "no pod is scheduled on these nodes any longer", SECONDS, async (node, given, call) => {
  await call.faults.inject(await prepareCordon(placeOfTarget(call.target), node), lasting(given));
});

const uncordon = onNodes("nodes/uncordon", "pods are scheduled on these nodes again", {}, async (node, _given, call) => {
  const open = call.faults.open().findLast(({ label }) => label === cordonOf(node));
  if (open !== undefined) return call.faults.revert(open.id);
  const patch = { type: "merge", body: { spec: { unschedulable: false } } } as const;
  await call.target.kube().patch(experimentKinds.nodes, { name: node }, patch, { signal: call.signal });
});

const drain = onNodes(
  "nodes/drain",
  "cordons nodes and evicts their pods, as kubectl drain --ignore-daemonsets does; they are uncordoned at the end",
  {
    ...SECONDS,
    withLocalStorage: { type: "boolean", default: false, summary: "also pods with an emptyDir, whose data are lost" },
    patienceSeconds: { type: "number", least: 0, most: 600, default: 30, summary: "how long a PodDisruptionBudget may refuse" },
    timeoutSeconds: { type: "number", least: 1, most: 3_600, default: 120, summary: "within how many seconds the pods must be gone" },
  },
  async (node, given, call) => {
    const cluster = placeOfTarget(call.target);
    const found = await podsToDrain(cluster.client, node, given["withLocalStorage"] === true);
    // A DaemonSet would make them again on the same node, cordoned or not.
    const pods = found.filter(({ metadata }) => !metadata.ownerReferences?.some(({ kind }) => kind === "DaemonSet"));
    await call.faults.inject(await prepareCordon(cluster, node), lasting(given));
    if (pods.length === 0) return;
    const removal = { kind: "nodes/drain", by: "eviction", patienceMs: Number(given["patienceSeconds"]) * 1000 } as const;
    await call.faults.inject(preparePodRemoval(cluster.client, pods, removal, call.clock));
    await untilGone(cluster.client, pods, Number(given["timeoutSeconds"]), call.clock, call.signal);
  },
);

const taint = onNodes(
  "nodes/taint",
  "gives nodes a taint; with NoExecute the pods that do not tolerate it are evicted",
  {
    ...SECONDS,
    key: { type: "string", required: true, summary: "its key" },
    value: { type: "string", default: "", summary: "its value" },
    effect: { type: "string", choices: ["NoSchedule", "PreferNoSchedule", "NoExecute"], default: "NoSchedule", summary: "what it does" },
  },
  async (node, given, call) => {
    const { key, value, effect } = given as { key: string; value: string; effect: string };
    await call.faults.inject(await prepareTaint(placeOfTarget(call.target), node, { key, value, effect }), lasting(given));
  },
);

const remove = onNodes(
  "nodes/delete",
  "deletes the object of nodes: their machines live on; it is made again at the end",
  SECONDS,
  async (node, given, call) => {
    const place = { resource: experimentKinds.nodes, ref: { name: node } };
    const fault = await prepareDelete(placeOfTarget(call.target), place, { kind: "nodes/delete", label: `delete of node ${node}` });
    await call.faults.inject(fault, lasting(given));
  },
);

const ready: NativeActivity = {
  name: "nodes/ready",
  does: "probe",
  summary: "how many nodes are ready and take pods",
  arguments: { name: NODE_CHOICE["name"] ?? { type: "string", summary: "" }, labels: { type: "string", summary: "label selector" } },
  async run(given, call) {
    const labels = textAt(given, "labels");
    const nodes = await selectedNodes({ ...given, ...(labels === "" ? { labels: null } : {}) }, call);
    const isReady = ({ spec, status }: ClusterObject): boolean =>
      spec?.["unschedulable"] !== true &&
      objectsAt(status ?? {}, "conditions").some((condition) => condition["type"] === "Ready" && condition["status"] === "True");
    return nodes.filter(isReady).length;
  },
};

export const nodeActivities: readonly NativeActivity[] = [cordon, uncordon, drain, taint, remove, ready];
