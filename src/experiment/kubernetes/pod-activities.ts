import { type JsonObject, textAt } from "../document/json.ts";
import type { ArgumentRules } from "../native/argument-rules.ts";
import type { NativeActivity } from "../native/native-activity.ts";
import { POD_CHOICE, checkPodChoice, choosePods, selectedPods } from "./choose-pods.ts";
import { isReady, preparePodRemoval } from "./pod-faults.ts";

const GRACE: ArgumentRules = {
  gracePeriodSeconds: { type: "integer", least: 0, summary: "seconds that a pod gets to end; its own when left out" },
};

const graceIn = ({ gracePeriodSeconds }: JsonObject): { gracePeriodSeconds?: number } =>
  typeof gracePeriodSeconds === "number" ? { gracePeriodSeconds } : {};

const kill: NativeActivity = {
  name: "pods/kill",
  does: "action",
  summary: "deletes pods; whatever owns them makes others",
  arguments: {
    ...POD_CHOICE,
    ...GRACE,
    ignoreBudgets: { type: "boolean", default: false, summary: "also those whose PodDisruptionBudget allows no more to go" },
  },
  check: checkPodChoice,
  async run(given, call) {
    const pods = await choosePods(given, call, given["ignoreBudgets"] !== true);
    const removal = { kind: "pods/kill", by: "deletion", patienceMs: 0, ...graceIn(given) } as const;
    return (await call.faults.inject(preparePodRemoval(call.target.kube(), pods, removal, call.clock))).output;
  },
};

const evict: NativeActivity = {
  name: "pods/evict",
  does: "action",
  summary: "evicts pods, as a drain does: the API server asks their PodDisruptionBudgets, and is asked again while it refuses",
  arguments: {
    ...POD_CHOICE,
    ...GRACE,
    patienceSeconds: { type: "number", least: 0, most: 600, default: 30, summary: "how long it may refuse before that is a failure" },
  },
  check: checkPodChoice,
  async run(given, call) {
    const pods = await choosePods(given, call, false);
    const patienceMs = Number(given["patienceSeconds"]) * 1000;
    const removal = { kind: "pods/evict", by: "eviction", patienceMs, ...graceIn(given) } as const;
    return (await call.faults.inject(preparePodRemoval(call.target.kube(), pods, removal, call.clock))).output;
  },
};

const SELECTION: ArgumentRules = Object.fromEntries(
  ["namespace", "labels", "fields", "names", "owner"].flatMap((name) => {
    const rule = POD_CHOICE[name];
    return rule === undefined ? [] : [[name, rule]];
  }),
);

const count: NativeActivity = {
  name: "pods/count",
  does: "probe",
  summary: "how many pods there are, of those that are not ending",
  arguments: { ...SELECTION, phase: { type: "string", summary: "only those in this phase: Running" } },
  check: checkPodChoice,
  async run(given, call) {
    const phase = textAt(given, "phase");
    const pods = await selectedPods(call.target.kube(), given);
    const staying = pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
    return staying.filter(({ status }) => phase === undefined || status?.["phase"] === phase).length;
  },
};

const ready: NativeActivity = {
  name: "pods/ready",
  does: "probe",
  summary: "how many pods are ready",
  arguments: SELECTION,
  check: checkPodChoice,
  run: async (given, call) => (await selectedPods(call.target.kube(), given)).filter(isReady).length,
};

const logs: NativeActivity = {
  name: "pods/logs",
  does: "probe",
  summary: "the logs of each pod by its name",
  arguments: {
    ...SELECTION,
    container: { type: "string", summary: "of which container, where a pod has several" },
    sinceSeconds: { type: "integer", least: 1, summary: "only of so many seconds up to now" },
  },
  check: checkPodChoice,
  async run(given, call) {
    const client = call.target.kube();
    const texts: Record<string, string> = {};
    for (const { metadata } of await selectedPods(client, given)) {
      const container = textAt(given, "container");
      texts[metadata.name] = await client.request({
        path: `/api/v1/namespaces/${encodeURIComponent(metadata.namespace ?? "")}/pods/${encodeURIComponent(metadata.name)}/log`,
        query: {
          ...(container === undefined ? {} : { container }),
          ...(typeof given["sinceSeconds"] === "number" ? { sinceSeconds: String(given["sinceSeconds"]) } : {}),
        },
        accept: "*/*",
        signal: call.signal,
      });
    }
    return texts;
  },
};

export const podActivities: readonly NativeActivity[] = [kill, evict, count, ready, logs];
