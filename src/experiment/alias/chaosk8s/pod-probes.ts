import { type Json, isObject, objectsAt, textAt } from "../../document/json.ts";
import type { ClusterObject } from "../../kubernetes/listed.ts";
import { ActivityFailed } from "../../provider/activity-failed.ts";
import { compilePattern } from "../../tolerance/pattern.ts";
import type { Given } from "../given.ts";
import { REQUIRED } from "../parameters.ts";
import { type AliasCall, moduleOf } from "../python-function.ts";
import { formatted } from "../python-text.ts";
import { fails } from "./raise-or-false.ts";
import { podsOf } from "./pods-of.ts";
import { readPodLogs } from "./pod-logs.ts";

export const NAME_SELECTOR = "name in ({name})";

const phaseOf = (pod: ClusterObject): string | undefined => textAt(pod.status ?? {}, "phase");

async function podsInPhase(given: Given, call: AliasCall): Promise<Json> {
  const selector = given.optionalText("label_selector");
  const phase = given.text("phase");
  const fail = fails(given, "raise_on_invalid_phase");
  const pods = await podsOf(call, given.text("ns"), selector);
  if (pods.length === 0) return fail(`no pods '${given.written("label_selector")}' were found`);
  const other = pods.find((pod) => phaseOf(pod) !== phase);
  return (
    other === undefined || fail(`pod '${given.written("label_selector")}' is in phase '${phaseOf(other) ?? ""}' but should be '${phase}'`)
  );
}

async function podsNotInPhase(given: Given, call: AliasCall): Promise<Json> {
  const selector = given.optionalText("label_selector");
  const phase = given.text("phase");
  const fail = fails(given, "raise_on_in_phase");
  const pods = await podsOf(call, given.text("ns"), selector);
  if (pods.length === 0) return fail(`no pods '${given.written("label_selector")}' were found`);
  return !pods.some((pod) => phaseOf(pod) === phase) || fail(`pod '${given.written("label_selector")}' should not be in phase '${phase}'`);
}

async function podsInConditions(given: Given, call: AliasCall): Promise<Json> {
  const selector = given.optionalText("label_selector");
  const wanted = given.list("conditions");
  const fail = fails(given, "raise_on_invalid_conditions");
  const pods = await podsOf(call, given.text("ns"), selector);
  if (pods.length === 0) return fail(`no pods '${given.written("label_selector")}' were found`);
  for (const pod of pods) {
    const conditions = objectsAt(pod.status ?? {}, "conditions");
    for (const condition of wanted)
      // As a whole: one with more fields than these two is never there.
      if (
        !isObject(condition) ||
        Object.keys(condition).length !== 2 ||
        !conditions.some(({ type, status }) => type === condition["type"] && status === condition["status"])
      )
        return fail(`pod ${pod.metadata.name} does not match the following given condition: ${JSON.stringify(condition)}`);
  }
  return true;
}

async function count(given: Given, call: AliasCall): Promise<number> {
  const phase = given.optionalText("phase");
  const pods = await podsOf(call, given.text("ns"), given.optionalText("label_selector"));
  return pods.filter((pod) => phase === undefined || phaseOf(pod) === phase).length;
}

export async function podIsNotAvailable(given: Given, call: AliasCall): Promise<Json> {
  const name = given.text("name");
  const selector = formatted(given.text("label_selector"), { name });
  const pods = await podsOf(call, given.text("ns"), selector === "" ? undefined : selector);
  const fail = fails(given, "raise_on_is_available");
  return !pods.some((pod) => phaseOf(pod) === "Running") || fail(`pod '${name}' is actually running`);
}

export async function allPodsHealthy(given: Given, call: AliasCall): Promise<Json> {
  const pods = await podsOf(call, given.text("ns"), undefined);
  const ill = pods.filter((pod) => phaseOf(pod) !== "Running" && phaseOf(pod) !== "Succeeded");
  const fail = fails(given, "raise_on_any_unhealthy");
  return (
    ill.length === 0 || fail(`the system is unhealthy: ${ill.map((pod) => `${pod.metadata.name} is ${phaseOf(pod) ?? ""}`).join(", ")}`)
  );
}

function shouldBeFoundInLogs(given: Given): Json {
  if (!given.flag("value")) throw new ActivityFailed("no logs to search from");
  const logs = Object.values(given.object("value"));
  const pattern = compilePattern(given.text("pattern"));
  const matched = logs.filter((log) => pattern.isIn(log ?? null)).length;
  return given.flag("all_containers") ? matched === logs.length : matched > 0;
}

export const LOGS = {
  name: null,
  last: null,
  ns: "default",
  from_previous: false,
  label_selector: NAME_SELECTOR,
  container_name: null,
};

export const podProbes = moduleOf("chaosk8s.pod.probes", {
  read_pod_logs: [LOGS, readPodLogs],
  pods_in_phase: [{ label_selector: REQUIRED, phase: "Running", ns: "default", raise_on_invalid_phase: true }, podsInPhase],
  pods_not_in_phase: [{ label_selector: REQUIRED, phase: "Running", ns: "default", raise_on_in_phase: true }, podsNotInPhase],
  pods_in_conditions: [
    { label_selector: REQUIRED, conditions: REQUIRED, ns: "default", raise_on_invalid_conditions: true },
    podsInConditions,
  ],
  count_pods: [{ label_selector: REQUIRED, phase: null, ns: "default" }, count],
  count_min_pods: [
    { label_selector: REQUIRED, phase: "Running", min_count: 2, ns: "default" },
    async (given, call) => (await count(given, call)) >= given.number("min_count"),
  ],
  pod_is_not_available: [{ name: REQUIRED, ns: "default", label_selector: NAME_SELECTOR, raise_on_is_available: true }, podIsNotAvailable],
  all_pods_healthy: [{ ns: "default", raise_on_any_unhealthy: true }, allPodsHealthy],
  should_be_found_in_logs: [{ pattern: REQUIRED, all_containers: true, value: null }, shouldBeFoundInLogs],
});
