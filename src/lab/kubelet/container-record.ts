import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { assertNever } from "../../kernel/index.ts";
import { type ContainerState, type ContainerStateTerminated, type ContainerStatus, toTime } from "../objects/index.ts";
import type { ProbeVerdict } from "./prober.ts";

/** How one run of a container ended. */
export interface Termination {
  readonly exitCode: number;
  readonly reason: string;
  readonly message?: string;
  readonly startedAtMs: number;
  readonly finishedAtMs: number;
  readonly containerId: string;
}

/** What the kubelet remembers of a container, on disk too, so that its successor goes on where it ended. */
export interface ContainerRecord {
  /** Starts so far; 0: never started. */
  readonly attempts: number;
  readonly state:
    | { readonly type: "waiting"; readonly reason: string; readonly message?: string }
    | { readonly type: "running"; readonly startedAtMs: number; readonly verdict: ProbeVerdict }
    | { readonly type: "terminated"; readonly termination: Termination };
  /** The run before the present one. */
  readonly last?: Termination;
  /** The wait before the latest restart; undefined before the first restart. */
  readonly restartDelayMs?: number;
}

export const NEW_RECORD: ContainerRecord = { attempts: 0, state: { type: "waiting", reason: "ContainerCreating" } };

/** The latest end of the container, if it ever ended. */
export function latestTermination(record: ContainerRecord): Termination | undefined {
  return record.state.type === "terminated" ? record.state.termination : record.last;
}

/** `process://` and what tells this run from all others; stands for the runtime's container id. */
export function containerIdOf(podUid: string, name: string, attempt: number): string {
  return `process://${podUid}/${name}/${attempt}`;
}

/** The record as the API shows it. */
export function toContainerStatus(
  record: ContainerRecord,
  container: { readonly name: string; readonly image: string },
  podUid: string,
): ContainerStatus {
  const { state } = record;
  const verdict = state.type === "running" ? state.verdict : undefined;
  return {
    name: container.name,
    image: container.image,
    imageID: record.attempts === 0 ? "" : `process://${container.image}`,
    ...(record.attempts === 0 ? {} : { containerID: containerIdOf(podUid, container.name, record.attempts) }),
    ready: verdict?.ready === true,
    started: verdict?.started === true,
    restartCount: Math.max(0, record.attempts - 1),
    state: toState(record),
    lastState: record.last === undefined ? {} : { terminated: toTerminated(record.last) },
  };
}

function toState({ state }: ContainerRecord): ContainerState {
  switch (state.type) {
    case "waiting":
      return { waiting: { reason: state.reason, ...(state.message === undefined ? {} : { message: state.message }) } };
    case "running":
      return { running: { startedAt: toTime(state.startedAtMs) } };
    case "terminated":
      return { terminated: toTerminated(state.termination) };
    default:
      return assertNever(state);
  }
}

function toTerminated(end: Termination): ContainerStateTerminated {
  return {
    exitCode: end.exitCode,
    reason: end.reason,
    ...(end.message === undefined ? {} : { message: end.message }),
    startedAt: toTime(end.startedAtMs),
    finishedAt: toTime(end.finishedAtMs),
    containerID: end.containerId,
  };
}

/** The record in `file`; undefined when there is none or it is torn (then the folders of the attempts tell). */
export function readRecord(file: string): ContainerRecord | undefined {
  const value = readJson(file);
  if (typeof value !== "object" || value === null || !("attempts" in value) || !("state" in value)) return undefined;
  return value as ContainerRecord;
}

/** JSON of a file of our own; undefined when it is not there or not whole. */
export function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return undefined;
  }
}

/** Writes a file so that a reader, or we after a crash, see the old or the new one, never half of it. */
export function writeJson(file: string, value: unknown): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.new`, JSON.stringify(value));
  renameSync(`${file}.new`, file);
}
