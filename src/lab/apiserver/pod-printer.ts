import { type Json, type JsonObject, arrayAt, nameOf, numberAt, stringAt, valueAt } from "./json.ts";
import type { Column } from "./resource-type.ts";
import { AGE_COLUMN, NAME_COLUMN, age } from "./table.ts";

export const POD_COLUMNS: readonly Column[] = [
  NAME_COLUMN,
  { name: "Ready", type: "string", description: "The aggregate readiness state of this pod for accepting traffic.", priority: 0 },
  { name: "Status", type: "string", description: "The aggregate status of the containers in this pod.", priority: 0 },
  {
    name: "Restarts",
    type: "string",
    description:
      "The number of times the containers in this pod have been restarted and when the last container in this pod has restarted.",
    priority: 0,
  },
  AGE_COLUMN,
  { name: "IP", type: "string", description: "Address of the pod.", priority: 1 },
  { name: "Node", type: "string", description: "Node that the pod is on.", priority: 1 },
  { name: "Nominated Node", type: "string", description: "Node that the pod may get.", priority: 1 },
  { name: "Readiness Gates", type: "string", description: "Readiness gates that are passed, of those there are.", priority: 1 },
];

/** The row that `kubectl get pods` shows. */
export function podCells(pod: JsonObject, nowMs: number): (string | number)[] {
  const statuses = arrayAt(pod, "status", "containerStatuses");
  const ready = statuses.filter((status) => valueAt(status, "ready") === true && valueAt(status, "state", "running") !== undefined).length;
  const podIp = stringAt(pod, "status", "podIP") || "<none>";
  return [
    nameOf(pod),
    `${ready}/${arrayAt(pod, "spec", "containers").length}`,
    podReason(pod),
    restarts(statuses, nowMs),
    age(stringAt(pod, "metadata", "creationTimestamp"), nowMs),
    podIp,
    stringAt(pod, "spec", "nodeName") || "<none>",
    stringAt(pod, "status", "nominatedNodeName") || "<none>",
    readinessGates(pod),
  ];
}

function conditionIs(pod: JsonObject, type: string): boolean {
  return arrayAt(pod, "status", "conditions").some(
    (condition) => stringAt(condition, "type") === type && stringAt(condition, "status") === "True",
  );
}

/** One word for what a pod is doing: its phase, unless a container's state says more. */
function podReason(pod: JsonObject): string {
  const phase = stringAt(pod, "status", "phase") ?? "Unknown";
  let reason = stringAt(pod, "status", "reason") || phase;
  if (
    arrayAt(pod, "status", "conditions").some(
      (condition) => stringAt(condition, "type") === "PodScheduled" && stringAt(condition, "reason") === "SchedulingGated",
    )
  )
    reason = "SchedulingGated";
  const initializing = initReason(pod);
  reason = initializing ?? containersReason(pod, reason);
  if (stringAt(pod, "metadata", "deletionTimestamp") === undefined) return reason;
  if (stringAt(pod, "status", "reason") === "NodeLost") return "Unknown";
  return phase === "Succeeded" || phase === "Failed" ? reason : "Terminating";
}

function initReason(pod: JsonObject): string | undefined {
  const statuses = arrayAt(pod, "status", "initContainerStatuses");
  for (const [at, status] of statuses.entries()) {
    const exitCode = numberAt(status, "state", "terminated", "exitCode");
    if (exitCode === 0) continue;
    if (exitCode !== undefined) return `Init:${stringAt(status, "state", "terminated", "reason") || terminationOf(status)}`;
    const waiting = stringAt(status, "state", "waiting", "reason") ?? "";
    if (waiting !== "" && waiting !== "PodInitializing") return `Init:${waiting}`;
    return `Init:${at}/${arrayAt(pod, "spec", "initContainers").length}`;
  }
  return undefined;
}

function containersReason(pod: JsonObject, fallback: string): string {
  let reason = fallback;
  let anyRuns = false;
  for (const status of arrayAt(pod, "status", "containerStatuses").toReversed()) {
    const waiting = stringAt(status, "state", "waiting", "reason") ?? "";
    if (waiting !== "") reason = waiting;
    else if (valueAt(status, "state", "terminated") !== undefined)
      reason = stringAt(status, "state", "terminated", "reason") || terminationOf(status);
    else if (valueAt(status, "ready") === true && valueAt(status, "state", "running") !== undefined) anyRuns = true;
  }
  if (reason === "Completed" && anyRuns) return conditionIs(pod, "Ready") ? "Running" : "NotReady";
  return reason;
}

function terminationOf(status: Json): string {
  const signal = numberAt(status, "state", "terminated", "signal") ?? 0;
  return signal !== 0 ? `Signal:${signal}` : `ExitCode:${numberAt(status, "state", "terminated", "exitCode") ?? 0}`;
}

function restarts(statuses: readonly Json[], nowMs: number): string | number {
  let total = 0;
  let lastMs = Number.NEGATIVE_INFINITY;
  for (const status of statuses) {
    total += numberAt(status, "restartCount") ?? 0;
    const finishedMs = Date.parse(stringAt(status, "lastState", "terminated", "finishedAt") ?? "");
    if (finishedMs > lastMs) lastMs = finishedMs;
  }
  return total > 0 && lastMs > Number.NEGATIVE_INFINITY ? `${total} (${age(new Date(lastMs).toISOString(), nowMs)} ago)` : String(total);
}

function readinessGates(pod: JsonObject): string {
  const gates = arrayAt(pod, "spec", "readinessGates");
  if (gates.length === 0) return "<none>";
  return `${gates.filter((gate) => conditionIs(pod, stringAt(gate, "conditionType") ?? "")).length}/${gates.length}`;
}
