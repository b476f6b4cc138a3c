import { join } from "node:path";
import type { Pod, PodStatus } from "../objects/index.ts";
import { readJson, writeJson } from "./container-record.ts";

/** What of a pod is on disk beside its containers. */
export interface PodCheckpoint {
  readonly pod: Pod;
  readonly podIP?: string | undefined;
  readonly startedAtMs: number;
  readonly status?: PodStatus | undefined;
}

/** What an earlier kubelet left in the pod's folder; undefined when nothing whole is there. */
export function readCheckpoint(dir: string): PodCheckpoint | undefined {
  const value = readJson(join(dir, "pod.json"));
  if (typeof value !== "object" || value === null || !("pod" in value)) return undefined;
  return value as PodCheckpoint;
}

export function writeCheckpoint(dir: string, checkpoint: PodCheckpoint): void {
  writeJson(join(dir, "pod.json"), checkpoint);
}
