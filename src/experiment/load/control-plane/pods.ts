import { sleep } from "../../../kernel/index.ts";
import type { KubeObject } from "../../../kube/index.ts";
import { written } from "../../document/json.ts";
import { experimentKinds } from "../../kubernetes/kinds.ts";
import type { NativeActivity } from "../../native/native-activity.ts";
import { LOAD_LABEL, type Marked, createMarked, markedRecord, newMark, sightOfMarked } from "./marked-objects.ts";

/** Pods that nobody schedules cost the control plane only; on nodes they take room from others. */
const NOWHERE = { "holdfast.io/nowhere": "true" };

export const manyPods: NativeActivity = {
  name: "load/pods",
  does: "action",
  summary: "creates many pods; they carry the label holdfast.io/load and are removed when the fault is reverted",
  arguments: {
    namespace: { type: "string", default: "default", summary: "where" },
    count: { type: "integer", least: 1, most: 5000, default: 100, summary: "how many" },
    rate: { type: "number", least: 0.1, most: 500, default: 50, summary: "created a second" },
    scheduled: {
      type: "boolean",
      default: false,
      summary: "let them run on nodes; else no node fits, and they load the control plane only",
    },
    image: { type: "string", default: "registry.k8s.io/pause:3.10", summary: "of those that run" },
    seconds: {
      type: "number",
      least: 1,
      most: 3600,
      summary: "after how many seconds they are removed; at the end of the run when left out",
    },
  },
  async run(given, { target, faults, clock }) {
    const client = target.kube();
    const namespace = written(given["namespace"]);
    const count = Number(given["count"]);
    const marked: Marked = { resource: experimentKinds.pods, namespace, mark: newMark(clock.wallMs()) };
    const selector = given["scheduled"] === true ? {} : { nodeSelector: NOWHERE };
    const podOf = (index: number): KubeObject =>
      ({
        apiVersion: "v1",
        kind: "Pod",
        metadata: { name: `load-${marked.mark}-${index}`, namespace, labels: { [LOAD_LABEL]: marked.mark } },
        spec: {
          ...selector,
          terminationGracePeriodSeconds: 0,
          automountServiceAccountToken: false,
          containers: [{ name: "load", image: written(given["image"]), resources: { requests: { cpu: "1m", memory: "4Mi" } } }],
        },
      }) as KubeObject;
    const { output } = await faults.inject(
      {
        kind: "load/pods",
        label: `${count} pods in ${namespace}`,
        victims: [`namespace ${namespace}`],
        undo: { kind: "load/objects", ...markedRecord(marked) },
        async apply(signal) {
          const pace = {
            ratePerSecond: Number(given["rate"]),
            wait: (ms: number) => sleep(clock, Math.max(0, ms), signal),
            nowMs: () => clock.monoMs(),
            signal,
          };
          await createMarked(client, marked, count, podOf, pace);
          return { count, namespace, selector: `${LOAD_LABEL}=${marked.mark}` };
        },
        witness: {
          label: "the API server's list of pods",
          isInjected: () => sightOfMarked(client, marked, (seen) => seen === count),
          isReverted: () => sightOfMarked(client, marked, (seen) => seen === 0),
        },
      },
      typeof given["seconds"] === "number" ? { seconds: given["seconds"] } : {},
    );
    return output;
  },
};
