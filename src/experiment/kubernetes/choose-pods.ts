import type { KubeClient } from "../../kube/index.ts";
import { parseLabelSelector } from "../../kube/index.ts";
import { amountText, readAmount } from "../blast/amount.ts";
import { denied } from "../blast/denied.ts";
import { type BlastPlan, type Candidate, planBlast } from "../blast/plan-blast.ts";
import { type JsonObject, textAt } from "../document/json.ts";
import { budgetsOf } from "../killer/world/disruption-budget.ts";
import { readWorld } from "../killer/world/read-world.ts";
import type { PodView } from "../killer/world/pod-view.ts";
import { type World, workloadOf } from "../killer/world/world.ts";
import type { ArgumentProblem, ArgumentRules } from "../native/argument-rules.ts";
import type { NativeCall } from "../native/native-activity.ts";
import { ActivityFailed } from "../provider/activity-failed.ts";
import { compilePattern } from "../tolerance/pattern.ts";
import { experimentKinds } from "./kinds.ts";
import { type ClusterObject, listed, selecting } from "./listed.ts";

/** Arguments of activities that take pods away. */
export const POD_CHOICE: ArgumentRules = {
  namespace: { type: "string", required: true, summary: "whose pods" },
  labels: { type: "string", summary: "label selector: app=cart,tier in (a,b)" },
  fields: { type: "string", summary: "field selector: spec.nodeName=node-1" },
  names: { type: "string", summary: "regular expression that a pod's name contains" },
  owner: { type: "string", summary: "what keeps them: Deployment/cart, DaemonSet/agent" },
  amount: { type: "any", default: 1, summary: 'how many: 2, or "30%" (rounded down)' },
  of: {
    type: "string",
    choices: ["all", "owner"],
    default: "all",
    summary: "whether the amount is of all that are selected, or of each owner",
  },
  leastReadyLeft: { type: "integer", least: 0, default: 0, summary: "so many pods of each owner must be ready afterwards" },
  leastZonesLeft: { type: "integer", least: 0, default: 0, summary: "in so many zones a pod of each owner must be ready afterwards" },
};

const SELECTORS = ["labels", "fields", "names", "owner"];

/** No selector is not all, and not the first one: it is a mistake. */
export function checkPodChoice(given: JsonObject, open: ReadonlySet<string> = new Set()): readonly ArgumentProblem[] {
  const problems: ArgumentProblem[] = [];
  const problem = (argument: string, message: string, mend: string): void => void problems.push({ argument, message, mend });
  if (SELECTORS.every((name) => given[name] === undefined && !open.has(name)))
    problem("", "nothing says which pods", `select them with one of ${SELECTORS.join(", ")}; labels: "" is all of the namespace`);
  if (given["amount"] !== undefined && readAmount(given["amount"]) === undefined)
    problem("amount", `${JSON.stringify(given["amount"])} is no amount`, 'write 2, or "30%"');
  attempt("labels", parseLabelSelector, "write name=value, name in (a,b), !name");
  attempt("names", compilePattern, "write a regular expression");
  const owner = textAt(given, "owner");
  if (owner !== undefined && !/^[A-Z][A-Za-z]*\/[a-z0-9.-]+$/.test(owner))
    problem("owner", `${JSON.stringify(owner)} names no owner`, "write Deployment/cart");
  return problems;

  function attempt(name: string, read: (text: string) => unknown, mend: string): void {
    const text = textAt(given, name);
    try {
      if (text !== undefined) read(text);
    } catch (error) {
      problem(name, error instanceof Error ? error.message : String(error), mend);
    }
  }
}

/** Draws pods as the arguments say, within what budgets and owners can spare, and puts the plan into the evidence. Rejects when nobody is left. */
export async function choosePods(given: JsonObject, call: NativeCall, asksBudgets: boolean): Promise<readonly ClusterObject[]> {
  const client = call.target.kube();
  const namespace = textAt(given, "namespace") ?? "";
  const found = await selectedPods(client, given);
  if (found.length === 0) throw new ActivityFailed(`no pod of ${namespace} is selected`);
  const world = await readWorld(client, namespace, call.signal);
  const zones = await zonesOf(client);
  const views = new Map(world.pods.map((pod) => [pod.uid, pod]));
  const candidates = found.flatMap((pod) => {
    const view = views.get(pod.metadata.uid ?? "");
    if (view === undefined || view.isTerminating) return [];
    const allowsSystem = call.allowsSystem === true;
    return [candidateOf(view, world, { zone: zones.get(textAt(pod.spec ?? {}, "nodeName") ?? ""), asksBudgets, allowsSystem })];
  });
  const amount = readAmount(given["amount"]);
  if (amount === undefined) throw new ActivityFailed(`${JSON.stringify(given["amount"])} is no amount: write 2, or "30%"`);
  const plan = planBlast(
    {
      candidates,
      owners: new Map([...world.workloads.values()].map(({ kind, key, desired, ready }) => [`${kind} ${key}`, { desired, ready }])),
      disruptions: new Map(world.budgets.map(({ key, allowed }) => [key, allowed])),
    },
    {
      amount,
      of: given["of"] === "owner" ? "owner" : "all",
      leastReadyLeft: Number(given["leastReadyLeft"] ?? 0),
      leastZonesLeft: Number(given["leastZonesLeft"] ?? 0),
    },
    call.random,
  );
  call.evidence.recordEvent("blast plan", told(plan));
  if (plan.victims.length === 0) throw new ActivityFailed(`nobody is taken: ${told(plan)} (asked for ${amountText(amount)})`);
  const ids = new Set(plan.victims.map(({ id }) => id));
  return found.filter(({ metadata }) => ids.has(`${metadata.namespace ?? ""}/${metadata.name}`));
}

/** The pods that arguments select; names and owners are looked at here, the rest by the server. */
export async function selectedPods(client: KubeClient, given: JsonObject): Promise<readonly ClusterObject[]> {
  const namespace = textAt(given, "namespace");
  const labels = textAt(given, "labels");
  const pods = await listed(
    client,
    experimentKinds.pods,
    selecting(namespace, labels === "" ? undefined : labels, textAt(given, "fields")),
  );
  const names = textAt(given, "names");
  const isNamed = names === undefined ? undefined : compilePattern(names);
  const named = pods.filter(({ metadata }) => isNamed?.isIn(metadata.name) ?? true);
  const owner = textAt(given, "owner");
  if (owner === undefined) return named;
  const [kind = "", name = ""] = owner.split("/", 2);
  const owners = kind === "Deployment" ? await replicaSetsOf(client, namespace, name) : new Set([name]);
  const direct = kind === "Deployment" ? "ReplicaSet" : kind;
  return named.filter(({ metadata }) =>
    metadata.ownerReferences?.some((one) => one.controller === true && one.kind === direct && owners.has(one.name)),
  );
}

async function replicaSetsOf(client: KubeClient, namespace: string | undefined, deployment: string): Promise<ReadonlySet<string>> {
  const sets = await listed(client, experimentKinds.replicaSets, selecting(namespace));
  const own = sets.filter(({ metadata }) =>
    metadata.ownerReferences?.some(({ kind, name, controller }) => controller === true && kind === "Deployment" && name === deployment),
  );
  return new Set(own.map(({ metadata }) => metadata.name));
}

async function zonesOf(client: KubeClient): Promise<ReadonlyMap<string, string>> {
  const nodes = await listed(client, experimentKinds.nodes, {});
  return new Map(nodes.map(({ metadata }) => [metadata.name, metadata.labels?.["topology.kubernetes.io/zone"] ?? ""]));
}

interface CandidateRules {
  readonly zone: string | undefined;
  readonly asksBudgets: boolean;
  readonly allowsSystem: boolean;
}

function candidateOf(pod: PodView, world: World, { zone, asksBudgets, allowsSystem }: CandidateRules): Candidate {
  const workload = workloadOf(pod, world);
  const why = pod.isMirror ? "it is a kubelet's own (mirror) pod" : denied(pod, { allowsSystem });
  return {
    id: pod.key,
    isReady: pod.isReady,
    ...(workload === undefined ? {} : { owner: `${workload.kind} ${workload.key}` }),
    ...(zone === undefined ? {} : { zone }),
    ...(asksBudgets ? { disruptions: budgetsOf(pod, world.budgets).map(({ key }) => key) } : {}),
    ...(why === undefined ? {} : { denied: why }),
  };
}

function told({ text, victims, spared, owners }: BlastPlan): string {
  const of = owners.map(({ owner, ready, desired, taken }) => `${owner}: ${taken} of ${ready} ready (${desired} wanted)`);
  const kept = spared.map(({ id, why }) => `${id} is spared: ${why}`);
  return [text, victims.map(({ id }) => id).join(", "), ...of, ...kept.slice(0, 5)].filter((part) => part !== "").join("; ");
}
