import type { Json, JsonObject } from "../../document/json.ts";
import { objectsAt, textAt } from "../../document/json.ts";
import { experimentKinds } from "../../kubernetes/kinds.ts";
import { listed, selecting } from "../../kubernetes/listed.ts";
import type { Given } from "../given.ts";
import { type AliasCall, moduleOf } from "../python-function.ts";
import { rawList } from "./raw-list.ts";

/** Of each node its name and the status of each of its conditions. */
async function conditions(given: Given, call: AliasCall): Promise<readonly JsonObject[]> {
  const nodes = await listed(await call.client(), experimentKinds.nodes, selecting(undefined, given.optionalText("label_selector")));
  return nodes.map((node) => ({
    name: node.metadata.name,
    ...Object.fromEntries(
      objectsAt(node.status ?? {}, "conditions").map((condition) => [textAt(condition, "type") ?? "", condition["status"] ?? null]),
    ),
  }));
}

async function everyNode(given: Given, call: AliasCall, isAsWanted: (statuses: JsonObject) => boolean): Promise<Json> {
  return (await conditions(given, call)).every(isAsWanted);
}

/** What must be False where a node says it at all (`nodes_must_be_healthy`). */
const ILL = [
  "FrequentKubeletRestart",
  "FrequentDockerRestart",
  "FrequentContainerdRestart",
  "ReadonlyFilesystem",
  "KernelDeadlock",
  "CorruptDockerOverlay2",
  "FrequentUnregisterNetDevice",
  "NetworkUnavailable",
  "MemoryPressure",
  "DiskPressure",
  "PIDPressure",
];

const isHealthy = (statuses: JsonObject): boolean =>
  ILL.every((type) => statuses[type] === undefined || statuses[type] === "False") &&
  (statuses["Ready"] === undefined || statuses["Ready"] === "True");

const SELECTOR = { label_selector: null };

export const nodeProbes = moduleOf("chaosk8s.node.probes", {
  get_nodes: [SELECTOR, (given, call) => rawList(call, "/api/v1/nodes", { labelSelector: given.optionalText("label_selector") })],
  get_all_node_status_conditions: [SELECTOR, conditions],
  all_nodes_must_be_ready_to_schedule: [SELECTOR, (given, call) => everyNode(given, call, ({ Ready }) => Ready === "True")],
  verify_nodes_condition: [
    { condition_type: "PIDPressure", condition_value: "False", ...SELECTOR },
    (given, call) => everyNode(given, call, (statuses) => statuses[given.text("condition_type")] === given.value("condition_value")),
  ],
  nodes_must_be_healthy: [SELECTOR, (given, call) => everyNode(given, call, isHealthy)],
});
