import { type JsonObject, arrayAt, nameOf, numberAt, objectAt, stringAt, textOf, valueAt } from "./json.ts";
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

/** What keeps pods running: the kinds of `apps` and `batch`. */
export const WORKLOAD_PRINTERS: Readonly<Record<string, Printer>> = {
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
};
