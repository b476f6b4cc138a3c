import { shuffled } from "../../blast/plan-blast.ts";
import type { Json } from "../../document/json.ts";
import type { ClusterObject } from "../../kubernetes/listed.ts";
import { preparePodRemoval } from "../../kubernetes/pod-faults.ts";
import { ActivityFailed } from "../../provider/activity-failed.ts";
import { compilePattern } from "../../tolerance/pattern.ts";
import { Given } from "../given.ts";
import type { Parameters } from "../parameters.ts";
import { type AliasCall, moduleOf } from "../python-function.ts";
import { podsOf } from "./pods-of.ts";

const SELECTION: Parameters = {
  label_selector: null,
  name_pattern: null,
  all: false,
  rand: false,
  mode: "fixed",
  qty: 1,
  ns: "default",
  order: "alphabetic",
};

/** `_select_pods`: without a selector it is the first one, as in the package (its documentation says all). */
async function selected(given: Given, call: AliasCall): Promise<readonly ClusterObject[]> {
  const quantity = given.number("qty");
  const mode = given.text("mode");
  const order = given.text("order");
  if (quantity < 0) throw new ActivityFailed(`Cannot select pods. Quantity '${quantity}' is negative.`);
  if (mode !== "fixed" && mode !== "percentage") throw new ActivityFailed(`Cannot select pods. Mode '${mode}' is invalid.`);
  if (order !== "alphabetic" && order !== "oldest") throw new ActivityFailed(`Cannot select pods. Order '${order}' is invalid.`);
  const found = await podsOf(call, given.text("ns"), given.optionalText("label_selector"));
  const pattern = given.optionalText("name_pattern");
  const isNamed = pattern === undefined ? undefined : compilePattern(pattern);
  const pods = found.filter(({ metadata }) => isNamed?.isIn(metadata.name) ?? true);
  if (order === "oldest") pods.sort((one, other) => ageOf(one).localeCompare(ageOf(other)));
  if (given.flag("all")) return pods;
  const many = Math.min(mode === "percentage" ? Math.ceil((quantity * pods.length) / 100) : quantity, pods.length);
  return given.flag("rand") ? shuffled(pods, call.random).slice(0, many) : pods.slice(0, many);
}

const ageOf = ({ metadata }: ClusterObject): string => metadata.creationTimestamp ?? "";

export async function terminatePods(given: Given, call: AliasCall): Promise<Json> {
  const pods = await selected(given, call);
  if (pods.length === 0) return [];
  const grace = given.has("grace_period") ? given.number("grace_period") : -1;
  const client = await call.client();
  const removal = { kind: "pods/kill", by: "deletion", patienceMs: 0, ...(grace < 0 ? {} : { gracePeriodSeconds: grace }) } as const;
  return call.inject(preparePodRemoval(client, pods, removal, call.clock));
}

export function deletePods(given: Given, call: AliasCall): Promise<Json> {
  const chosen = { name_pattern: given.value("name"), label_selector: given.value("label_selector"), ns: given.value("ns") };
  return terminatePods(new Given(chosen, SELECTION), call);
}

export const podActions = moduleOf("chaosk8s.pod.actions", {
  terminate_pods: [{ ...SELECTION, grace_period: -1 }, terminatePods],
  delete_pods: [{ name: null, ns: "default", label_selector: null }, deletePods],
});
