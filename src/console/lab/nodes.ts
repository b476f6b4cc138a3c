import { type Lab, type LocalPod, isReady } from "../../lab/index.ts";
import type { NodeView, PodView, Policy, ProcessView, RouterView } from "../contract.ts";
import { containerView, partView } from "./processes.ts";

/** The nodes with their routers and application pods. */
export function nodeViews(lab: Lab, nowMs: number): readonly NodeView[] {
  return lab.machines.nodes.map(({ name, zone }) => {
    const pods = lab.observatory.pods(name);
    const isDown = pods.error !== undefined;
    return {
      name,
      zone,
      kubelet: partView(lab.parts.get(`kubelet-${name}`).state, nowMs),
      routers: lab.plan.fleets.map((fleet) => routerView(lab, name, fleet.policy, pods.value ?? [], nowMs)),
      pods: isDown ? [] : (pods.value ?? []).filter((pod) => pod.metadata.namespace === "shop").map(podView),
    };
  });
}

function routerView(lab: Lab, node: string, policy: Policy, pods: readonly LocalPod[], nowMs: number): RouterView {
  const reading = lab.observatory.router(node, policy);
  const pod = pods.find((candidate) => candidate.metadata.labels?.["app"] === `router-${policy}`);
  const container = pod?.status?.containerStatuses?.[0];
  const answers = reading.error === undefined && reading.value !== undefined;
  const status = answers ? reading.value : undefined;
  const process: ProcessView = answers ? { state: "running", restartInMs: null } : containerView(container, nowMs);
  const sources = Object.values(status?.sources ?? {});
  const ages = sources.map((source) => source.ageSeconds).filter((age) => age !== null);
  const table = lab.observatory.table(node, policy).value;
  const evidenceSeconds = ages.length === 0 ? null : Math.round(Math.max(...ages));
  // What a restored router has heard since is not yet in its table.
  const isRestored = status?.source === "restored";
  const snapshotSeconds =
    table?.number === status?.generation && table !== undefined ? Math.round((nowMs - table.createdAtMs) / 1000) : null;
  return {
    policy,
    ...process,
    restarts: container?.restartCount ?? 0,
    control:
      status === undefined || (status.control.pid === null && status.control.restartInSeconds === null)
        ? { state: "stopped", restartInMs: null }
        : status.control.pid === null
          ? { state: "backoff", restartInMs: Math.round((status.control.restartInSeconds ?? 0) * 1000) }
          : { state: "running", restartInMs: null },
    ready: status?.ready ?? false,
    generation: status === undefined || status.generation === 0 ? null : status.generation,
    source: status === undefined || status.generation === 0 ? null : status.source,
    ageSeconds: isRestored ? snapshotSeconds : evidenceSeconds,
    routes: status?.routes ?? null,
    held: status?.held ?? 0,
    watch: sources.length > 0 && sources.every((source) => source.state === "live" || source.state === "absent") ? "up" : "down",
  };
}

function podView(pod: LocalPod): PodView {
  const container = pod.status?.containerStatuses?.[0];
  const state =
    pod.metadata.deletionTimestamp === undefined ? (container?.state?.waiting?.reason ?? pod.status?.phase ?? "Pending") : "Terminating";
  return { name: pod.metadata.name, application: pod.metadata.labels?.["app"] ?? "", ready: isReady(pod), state };
}
