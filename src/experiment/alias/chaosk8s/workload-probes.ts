import { sleep } from "../../../kernel/index.ts";
import type { Resource } from "../../../kube/index.ts";
import type { Json } from "../../document/json.ts";
import { experimentKinds } from "../../kubernetes/kinds.ts";
import { type ClusterObject, listed, selecting } from "../../kubernetes/listed.ts";
import { ActivityFailed } from "../../provider/activity-failed.ts";
import type { Given } from "../given.ts";
import { type Parameters, REQUIRED } from "../parameters.ts";
import { type AliasCall, moduleOf } from "../python-function.ts";
import { formatted } from "../python-text.ts";
import { fails } from "./raise-or-false.ts";

const LOOK_EVERY_MS = 500;

function named(given: Given, call: AliasCall, kind: Resource, selector: string | undefined): Promise<readonly ClusterObject[]> {
  const field = `metadata.name=${given.text("name")}`;
  return call.client().then((client) => listed(client, kind, selecting(given.text("ns"), selector, field)));
}

/** Python's None is null, and equal to no number. */
const numberIn = (fields: ClusterObject["status"], name: string): number | null => {
  const value = fields?.[name];
  return typeof value === "number" ? value : null;
};

export async function deploymentHealthy(given: Given, call: AliasCall): Promise<Json> {
  const fail = fails(given, "raise_on_unavailable");
  const found = await named(given, call, experimentKinds.deployments, given.optionalText("label_selector"));
  if (found.length === 0) return fail(`Deployment '${given.text("name")}' was not found`);
  const ill = found.some(({ spec, status }) => numberIn(status, "availableReplicas") !== numberIn(spec, "replicas"));
  return !ill || fail(`Deployment '${given.text("name")}' is not healthy`);
}

async function deploymentPartly(given: Given, call: AliasCall): Promise<Json> {
  const fail = fails(given, "raise_on_not_partially_available");
  const [first] = await named(given, call, experimentKinds.deployments, given.optionalText("label_selector"));
  if (first === undefined) return fail(`Deployment '${given.text("name")}' was not found`);
  const available = numberIn(first.status, "availableReplicas");
  if (available === null) throw new ActivityFailed("'>=' not supported between instances of 'NoneType' and 'int'");
  return available >= 1 || fail(`Deployment '${given.text("name")}' is not healthy`);
}

type IsReady = (object: ClusterObject) => boolean;
const REPLICAS: IsReady = ({ spec, status }) => numberIn(status, "readyReplicas") === numberIn(spec, "replicas");
const DAEMONS: IsReady = ({ status }) => numberIn(status, "numberReady") === numberIn(status, "desiredNumberScheduled");

/** Waits until it is ready, or until it is not; false after `timeout` seconds. */
async function becomes(wanted: boolean, given: Given, call: AliasCall, kind: Resource, isReady: IsReady): Promise<boolean> {
  const selector =
    given.value("label_selector") === null ? undefined : formatted(given.text("label_selector"), { name: given.text("name") });
  const untilMs = call.clock.monoMs() + Math.trunc(given.number("timeout")) * 1000;
  for (;;) {
    if ((await named(given, call, kind, selector)).some((object) => isReady(object) === wanted)) return true;
    if (call.clock.monoMs() + LOOK_EVERY_MS > untilMs) return false;
    await sleep(call.clock, LOOK_EVERY_MS, call.signal);
    call.signal.throwIfAborted();
  }
}

function waiting(wanted: boolean, flag: string, what: string, kind: Resource) {
  return async (given: Given, call: AliasCall): Promise<Json> => {
    if (await becomes(wanted, given, call, kind, REPLICAS)) return true;
    const name = `${what} '${given.text("name")}'`;
    const within = `within ${given.text("timeout")}s`;
    return fails(given, flag)(`${name} failed to ${wanted ? "recover" : "stop running"} ${within}`);
  };
}

export const deploymentReady = waiting(true, "raise_on_not_fully_available", "deployment", experimentKinds.deployments);
export const deploymentNotReady = waiting(false, "raise_on_fully_available", "deployment", experimentKinds.deployments);

const NAMED: Parameters = { name: REQUIRED, ns: "default", label_selector: null };
export const WAITED: Parameters = { ...NAMED, timeout: 30 };

export const deploymentProbes = moduleOf("chaosk8s.deployment.probes", {
  deployment_available_and_healthy: [{ ...NAMED, raise_on_unavailable: true }, deploymentHealthy],
  deployment_partially_available: [{ ...NAMED, raise_on_not_partially_available: true }, deploymentPartly],
  deployment_not_fully_available: [{ ...WAITED, raise_on_fully_available: true }, deploymentNotReady],
  deployment_fully_available: [{ ...WAITED, raise_on_not_fully_available: true }, deploymentReady],
});

const { statefulSets, daemonSets } = experimentKinds;

export const statefulSetProbes = moduleOf("chaosk8s.statefulset.probes", {
  statefulset_not_fully_available: [
    { ...WAITED, raise_on_fully_available: true },
    waiting(false, "raise_on_fully_available", "microservice", statefulSets),
  ],
  statefulset_fully_available: [
    { ...WAITED, raise_on_not_fully_available: true },
    waiting(true, "raise_on_not_fully_available", "microservice", statefulSets),
  ],
});

async function daemonSet(given: Given, call: AliasCall, isFine: (all: readonly ClusterObject[]) => boolean): Promise<Json> {
  return isFine(await named(given, call, daemonSets, given.optionalText("label_selector")));
}

export const daemonSetProbes = moduleOf("chaosk8s.daemonset.probes", {
  daemon_set_available_and_healthy: [NAMED, (given, call) => daemonSet(given, call, (all) => all.length > 0 && all.every(DAEMONS))],
  daemon_set_partially_available: [
    NAMED,
    (given, call) => daemonSet(given, call, ([first]) => first !== undefined && (numberIn(first.status, "numberReady") ?? 0) >= 1),
  ],
  daemon_set_not_fully_available: [WAITED, (given, call) => becomes(false, given, call, daemonSets, DAEMONS)],
  daemon_set_fully_available: [WAITED, (given, call) => becomes(true, given, call, daemonSets, DAEMONS)],
});
