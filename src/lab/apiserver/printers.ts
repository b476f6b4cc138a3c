import { type Json, type JsonObject, arrayAt, isObject, nameOf, numberAt, objectAt, stringAt, textOf, valueAt } from "./json.ts";
import { NETWORK_PRINTERS } from "./network-printers.ts";
import { POD_COLUMNS, podCells } from "./pod-printer.ts";
import { column, count, created, formatLabels, wide } from "./printer-columns.ts";
import type { Printer } from "./resource-type.ts";
import { AGE_COLUMN, NAME_COLUMN, age, humanDuration } from "./table.ts";

type Cell = string | number | boolean | null;

const WORKLOAD_WIDE = [
  wide("Containers", "Names of each container in the template."),
  wide("Images", "Images referenced by each container in the template."),
  wide("Selector", "Label selector for pods."),
];

function workloadCells(object: JsonObject, template: readonly string[] = ["spec", "template"]): Cell[] {
  const containers = arrayAt(object, ...template, "spec", "containers");
  const each = (field: string): string => containers.map((container) => stringAt(container, field) ?? "").join(",");
  return [each("name"), each("image"), formatSelector(objectAt(object, "spec", "selector"))];
}

/** `a=b,c in (d,e)`, or `<none>`. */
function formatSelector(selector: JsonObject | undefined): string {
  const labels = Object.entries(objectAt(selector, "matchLabels") ?? {}).map(([key, value]) => `${key}=${textOf(value)}`);
  const expressions = arrayAt(selector, "matchExpressions").map((expression) => {
    const key = stringAt(expression, "key") ?? "";
    const operator = stringAt(expression, "operator") ?? "";
    if (operator === "Exists") return key;
    if (operator === "DoesNotExist") return `!${key}`;
    return `${key} ${operator.toLowerCase()} (${arrayAt(expression, "values").map(String).join(",")})`;
  });
  return [...labels.toSorted(), ...expressions].join(",") || "<none>";
}

function nodeStatus(node: JsonObject): string {
  const ready = arrayAt(node, "status", "conditions").find((condition) => stringAt(condition, "type") === "Ready");
  const state = ready === undefined ? "Unknown" : stringAt(ready, "status") === "True" ? "Ready" : "NotReady";
  return valueAt(node, "spec", "unschedulable") === true ? `${state},SchedulingDisabled` : state;
}

function nodeRoles(node: JsonObject): string {
  const prefix = "node-role.kubernetes.io/";
  const roles = Object.keys(objectAt(node, "metadata", "labels") ?? {}).filter(
    (label) => label.startsWith(prefix) && label.length > prefix.length,
  );
  return (
    roles
      .map((label) => label.slice(prefix.length))
      .toSorted()
      .join(",") || "<none>"
  );
}

function nodeAddress(node: JsonObject, type: string): string {
  const found = arrayAt(node, "status", "addresses").find((address) => stringAt(address, "type") === type);
  return stringAt(found, "address") ?? "<none>";
}

function jobStatus(job: JsonObject): string {
  const holds = (type: string): boolean =>
    arrayAt(job, "status", "conditions").some(
      (condition) => stringAt(condition, "type") === type && stringAt(condition, "status") === "True",
    );
  if (holds("Complete")) return "Complete";
  if (holds("Failed")) return "Failed";
  if (stringAt(job, "metadata", "deletionTimestamp") !== undefined) return "Terminating";
  if (holds("Suspended")) return "Suspended";
  return holds("FailureTarget") ? "FailureTarget" : holds("SuccessCriteriaMet") ? "SuccessCriteriaMet" : "Running";
}

function jobCompletions(job: JsonObject): string {
  const completions = numberAt(job, "spec", "completions");
  if (completions !== undefined) return `${count(job, "status", "succeeded")}/${completions}`;
  const parallelism = count(job, "spec", "parallelism");
  return parallelism > 1 ? `${count(job, "status", "succeeded")}/1 of ${parallelism}` : `${count(job, "status", "succeeded")}/1`;
}

function jobDuration(job: JsonObject, nowMs: number): string {
  const start = Date.parse(stringAt(job, "status", "startTime") ?? "");
  if (Number.isNaN(start)) return "";
  const end = Date.parse(stringAt(job, "status", "completionTime") ?? "");
  return humanDuration((Number.isNaN(end) ? nowMs : end) - start);
}

function eventTime(event: JsonObject): string | undefined {
  return (
    stringAt(event, "series", "lastObservedTime") ??
    stringAt(event, "lastTimestamp") ??
    stringAt(event, "eventTime") ??
    stringAt(event, "metadata", "creationTimestamp")
  );
}

function eventObject(event: JsonObject): string {
  const name = stringAt(event, "involvedObject", "name") ?? "";
  const kind = (stringAt(event, "involvedObject", "kind") ?? "").toLowerCase();
  return kind === "" ? name : `${kind}/${name}`;
}

function eventSource(event: JsonObject): string {
  const component = stringAt(event, "source", "component") ?? stringAt(event, "reportingComponent") ?? "";
  const host = stringAt(event, "source", "host") ?? "";
  return host === "" ? component : `${component}, ${host}`;
}

function size(value: Json | undefined): number {
  return isObject(value) ? Object.keys(value).length : 0;
}

const NAME_AND_AGE: Printer = { columns: [NAME_COLUMN, AGE_COLUMN], cells: (object, nowMs) => [nameOf(object), created(object, nowMs)] };

/** Columns and cells are those of kube-apiserver (pkg/printers/internalversion), which kubectl only prints. */
const PRINTERS: Readonly<Record<string, Printer>> = {
  ...NETWORK_PRINTERS,
  "Pod.": { columns: POD_COLUMNS, cells: podCells },
  "ServiceAccount.": NAME_AND_AGE,
  "Namespace.": {
    columns: [NAME_COLUMN, column("Status", "The status of the namespace"), AGE_COLUMN],
    cells: (object, nowMs) => [nameOf(object), stringAt(object, "status", "phase") ?? "", created(object, nowMs)],
  },
  "ConfigMap.": {
    columns: [NAME_COLUMN, column("Data", "Number of entries.", "integer"), AGE_COLUMN],
    cells: (object, nowMs) => [nameOf(object), size(object["data"]) + size(object["binaryData"]), created(object, nowMs)],
  },
  "Secret.": {
    columns: [
      NAME_COLUMN,
      column("Type", "Used to facilitate programmatic handling of secret data."),
      column("Data", "Number of entries.", "integer"),
      AGE_COLUMN,
    ],
    cells: (object, nowMs) => [nameOf(object), stringAt(object, "type") ?? "", size(object["data"]), created(object, nowMs)],
  },
  "Node.": {
    columns: [
      NAME_COLUMN,
      column("Status", "The status of the node"),
      column("Roles", "The roles of the node"),
      AGE_COLUMN,
      column("Version", "Kubelet Version reported by the node."),
      wide("Internal-IP", "Internal address of the node."),
      wide("External-IP", "External address of the node."),
      wide("OS-Image", "OS Image reported by the node."),
      wide("Kernel-Version", "Kernel Version reported by the node."),
      wide("Container-Runtime", "ContainerRuntime Version reported by the node."),
    ],
    cells: (object, nowMs) => {
      const info = (field: string): string => stringAt(object, "status", "nodeInfo", field) || "<unknown>";
      return [
        nameOf(object),
        nodeStatus(object),
        nodeRoles(object),
        created(object, nowMs),
        stringAt(object, "status", "nodeInfo", "kubeletVersion") ?? "",
        nodeAddress(object, "InternalIP"),
        nodeAddress(object, "ExternalIP"),
        info("osImage"),
        info("kernelVersion"),
        info("containerRuntimeVersion"),
      ];
    },
  },
  "Event.": {
    columns: [
      column("Last Seen", "Time since this event was last seen."),
      column("Type", "Normal or Warning."),
      column("Reason", "Why the event was made."),
      column("Object", "What the event is about."),
      wide("Subobject", "The part of the object."),
      wide("Source", "Who reported it."),
      column("Message", "What happened."),
      wide("First Seen", "Time since it was first seen."),
      wide("Count", "How often it was seen."),
      { ...NAME_COLUMN, priority: 1 },
    ],
    cells: (object, nowMs) => [
      age(eventTime(object), nowMs),
      stringAt(object, "type") ?? "",
      stringAt(object, "reason") ?? "",
      eventObject(object),
      stringAt(object, "involvedObject", "fieldPath") ?? "",
      eventSource(object),
      (stringAt(object, "message") ?? "").trim(),
      age(stringAt(object, "firstTimestamp") ?? stringAt(object, "eventTime") ?? stringAt(object, "metadata", "creationTimestamp"), nowMs),
      numberAt(object, "series", "count") ?? numberAt(object, "count") ?? 1,
      nameOf(object),
    ],
  },
  "Deployment.apps": {
    columns: [
      NAME_COLUMN,
      column("Ready", "Number of the pod with ready state"),
      column("Up-to-date", "Pods that have the wished template."),
      column("Available", "Pods available for as long as minReadySeconds."),
      AGE_COLUMN,
      ...WORKLOAD_WIDE,
    ],
    cells: (object, nowMs) => [
      nameOf(object),
      `${count(object, "status", "readyReplicas")}/${count(object, "spec", "replicas")}`,
      count(object, "status", "updatedReplicas"),
      count(object, "status", "availableReplicas"),
      created(object, nowMs),
      ...workloadCells(object),
    ],
  },
  "ReplicaSet.apps": {
    columns: [
      NAME_COLUMN,
      column("Desired", "Wished pods.", "integer"),
      column("Current", "Pods there are.", "integer"),
      column("Ready", "Pods that are ready.", "integer"),
      AGE_COLUMN,
      ...WORKLOAD_WIDE,
    ],
    cells: (object, nowMs) => [
      nameOf(object),
      count(object, "spec", "replicas"),
      count(object, "status", "replicas"),
      count(object, "status", "readyReplicas"),
      created(object, nowMs),
      ...workloadCells(object),
    ],
  },
  "DaemonSet.apps": {
    columns: [
      NAME_COLUMN,
      column("Desired", "Nodes that should run the pod.", "integer"),
      column("Current", "Nodes that run it.", "integer"),
      column("Ready", "Nodes where it is ready.", "integer"),
      column("Up-to-date", "Nodes that run the wished template.", "integer"),
      column("Available", "Nodes where it is available.", "integer"),
      column("Node Selector", "Labels that a node must have."),
      AGE_COLUMN,
      ...WORKLOAD_WIDE,
    ],
    cells: (object, nowMs) => [
      nameOf(object),
      count(object, "status", "desiredNumberScheduled"),
      count(object, "status", "currentNumberScheduled"),
      count(object, "status", "numberReady"),
      count(object, "status", "updatedNumberScheduled"),
      count(object, "status", "numberAvailable"),
      formatLabels(objectAt(object, "spec", "template", "spec", "nodeSelector")),
      created(object, nowMs),
      ...workloadCells(object),
    ],
  },
  "ControllerRevision.apps": {
    columns: [
      NAME_COLUMN,
      column("Controller", "Controller of the object"),
      column("Revision", "Revision represented by Data."),
      AGE_COLUMN,
    ],
    cells: (object, nowMs) => {
      const owner = arrayAt(object, "metadata", "ownerReferences").find((reference) => valueAt(reference, "controller") === true);
      const group = (stringAt(owner, "apiVersion") ?? "").split("/").slice(0, -1).join("");
      const controller =
        owner === undefined
          ? "<none>"
          : `${(stringAt(owner, "kind") ?? "").toLowerCase()}${group === "" ? "" : `.${group}`}/${stringAt(owner, "name") ?? ""}`;
      return [nameOf(object), controller, count(object, "revision"), created(object, nowMs)];
    },
  },
  "Job.batch": {
    columns: [
      NAME_COLUMN,
      column("Status", "Status of the job."),
      column("Completions", "Pods that succeeded of those wished."),
      column("Duration", "Time required to complete the job."),
      AGE_COLUMN,
      ...WORKLOAD_WIDE,
    ],
    cells: (object, nowMs) => [
      nameOf(object),
      jobStatus(object),
      jobCompletions(object),
      jobDuration(object, nowMs),
      created(object, nowMs),
      ...workloadCells(object),
    ],
  },
  "CronJob.batch": {
    columns: [
      NAME_COLUMN,
      column("Schedule", "The schedule in Cron format."),
      column("Timezone", "The time zone of the schedule."),
      column("Suspend", "Whether new runs are suspended.", "boolean"),
      column("Active", "Jobs that run now.", "integer"),
      column("Last Schedule", "Time since the last run began."),
      AGE_COLUMN,
      ...WORKLOAD_WIDE,
    ],
    cells: (object, nowMs) => {
      const last = stringAt(object, "status", "lastScheduleTime");
      return [
        nameOf(object),
        stringAt(object, "spec", "schedule") ?? "",
        stringAt(object, "spec", "timeZone") ?? "<none>",
        valueAt(object, "spec", "suspend") === true ? "True" : "False",
        arrayAt(object, "status", "active").length,
        last === undefined ? "<none>" : age(last, nowMs),
        created(object, nowMs),
        ...workloadCells(object, ["spec", "jobTemplate", "spec", "template"]),
      ];
    },
  },
  "Lease.coordination.k8s.io": {
    columns: [NAME_COLUMN, column("Holder", "Who holds the lease."), AGE_COLUMN],
    cells: (object, nowMs) => [nameOf(object), stringAt(object, "spec", "holderIdentity") ?? "", created(object, nowMs)],
  },
};

/** The columns of a built-in kind; undefined for what shows its name and the time it was created. */
export function printerFor(group: string, kind: string): Printer | undefined {
  return PRINTERS[`${kind}.${group}`];
}
