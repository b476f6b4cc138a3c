import { type Condition, type Container, type Pod, type PodStatus, toTime, withCondition } from "../objects/index.ts";
import { type ContainerRecord, latestTermination, toContainerStatus } from "./container-record.ts";

export interface PodStatusInput {
  readonly pod: Pod;
  readonly records: ReadonlyMap<string, ContainerRecord>;
  readonly hostIP: string;
  readonly podIP: string | undefined;
  readonly startedAtMs: number;
  /** The status written before, from which transition times and terminal phases are taken over. */
  readonly previous: PodStatus | undefined;
  readonly nowMs: number;
  /** Set when the kubelet itself ended the pod (`DeadlineExceeded`, a spec that cannot run). */
  readonly failure?: { readonly reason: string; readonly message: string } | undefined;
}

const OWN_CONDITIONS: ReadonlySet<string> = new Set(["PodReadyToStartContainers", "Initialized", "ContainersReady", "Ready"]);

/** The pod's status as its containers' records imply it (page "Pod Lifecycle"). Pure. */
export function computePodStatus(input: PodStatusInput): PodStatus {
  const { pod, records, previous } = input;
  const uid = pod.metadata.uid ?? "";
  const statuses = (containers: readonly Container[] | undefined): NonNullable<PodStatus["containerStatuses"]> =>
    (containers ?? []).flatMap((container) => {
      const record = records.get(container.name);
      return record === undefined ? [] : [toContainerStatus(record, container, uid)];
    });
  const initStatuses = statuses(pod.spec.initContainers);
  const phase = input.failure === undefined ? phaseOf(input) : "Failed";
  const ips = input.podIP === undefined ? {} : { podIP: input.podIP, podIPs: [{ ip: input.podIP }] };
  return {
    phase,
    ...(input.failure === undefined ? {} : input.failure),
    startTime: previous?.startTime ?? toTime(input.startedAtMs),
    hostIP: input.hostIP,
    hostIPs: [{ ip: input.hostIP }],
    ...ips,
    conditions: conditionsOf(input, phase),
    containerStatuses: statuses(pod.spec.containers),
    ...(initStatuses.length === 0 ? {} : { initContainerStatuses: initStatuses }),
  };
}

/** Whether the container will be started again after an end with `exitCode`. */
export function restarts(restartPolicy: string | undefined, exitCode: number): boolean {
  return restartPolicy === "Never" ? false : restartPolicy === "OnFailure" ? exitCode !== 0 : true;
}

/** Whether all init containers have done their work. */
export function isInitialized(pod: Pod, records: ReadonlyMap<string, ContainerRecord>): boolean {
  return (pod.spec.initContainers ?? []).every(({ name }) => {
    const record = records.get(name);
    return record?.state.type === "terminated" && record.state.termination.exitCode === 0;
  });
}

function phaseOf({ pod, records, previous }: PodStatusInput): string {
  if (previous?.phase === "Succeeded" || previous?.phase === "Failed") return previous.phase;
  const policy = pod.spec.restartPolicy;
  if (!isInitialized(pod, records)) {
    const failed = (pod.spec.initContainers ?? []).some(({ name }) => {
      const state = records.get(name)?.state;
      return state?.type === "terminated" && state.termination.exitCode !== 0 && !restarts(policy, state.termination.exitCode);
    });
    return failed ? "Failed" : "Pending";
  }
  const mains = pod.spec.containers.map(({ name }) => records.get(name));
  const over = mains.map((record) => (record?.state.type === "terminated" ? record.state.termination : undefined));
  const beingDeleted = pod.metadata.deletionTimestamp !== undefined;
  if (over.every((end) => end !== undefined && (beingDeleted || !restarts(policy, end.exitCode)))) {
    return over.every((end) => end?.exitCode === 0) ? "Succeeded" : "Failed";
  }
  const begun = mains.every(
    (record) => record !== undefined && (record.state.type !== "waiting" || latestTermination(record) !== undefined),
  );
  return begun ? "Running" : "Pending";
}

function conditionsOf({ pod, records, previous, nowMs, podIP }: PodStatusInput, phase: string): readonly Condition[] {
  const names = pod.spec.containers.map(({ name }) => name);
  const unready = names.filter((name) => {
    const state = records.get(name)?.state;
    return !(state?.type === "running" && state.verdict.ready);
  });
  const waitingInit = (pod.spec.initContainers ?? []).filter(({ name }) => {
    const state = records.get(name)?.state;
    return !(state?.type === "terminated" && state.termination.exitCode === 0);
  });
  const finished = phase === "Succeeded" || phase === "Failed";
  const notReady = finished
    ? { reason: phase === "Succeeded" ? "PodCompleted" : "PodFailed" }
    : { reason: "ContainersNotReady", message: `containers with unready status: [${unready.join(" ")}]` };
  const ready: Omit<Condition, "type"> =
    unready.length === 0 && !finished && waitingInit.length === 0 ? { status: "True" } : { status: "False", ...notReady };
  const initialized: Omit<Condition, "type"> =
    waitingInit.length === 0
      ? { status: "True" }
      : {
          status: "False",
          reason: "ContainersNotInitialized",
          message: `containers with incomplete status: [${waitingInit.map(({ name }) => name).join(" ")}]`,
        };
  const now = toTime(nowMs);
  let conditions: readonly Condition[] = (previous?.conditions ?? []).filter(({ type }) => OWN_CONDITIONS.has(type));
  conditions = withCondition(conditions, { type: "PodReadyToStartContainers", status: podIP === undefined ? "False" : "True" }, now);
  conditions = withCondition(conditions, { type: "Initialized", ...initialized }, now);
  conditions = withCondition(conditions, { type: "ContainersReady", ...ready }, now);
  return withCondition(conditions, { type: "Ready", ...ready }, now);
}
