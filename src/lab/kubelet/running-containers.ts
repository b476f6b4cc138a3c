import { globSync } from "node:fs";
import { dirname, join } from "node:path";
import { isRunning, type ProcessIdentity } from "../../kernel/index.ts";
import type { Pod } from "../objects/index.ts";
import { readPidFile } from "./container-process.ts";
import { readCheckpoint } from "./pod-checkpoint.ts";

/** A container that runs on a node, and its pod. */
export interface RunningContainer {
  readonly pod: Pod;
  readonly podIP: string | undefined;
  readonly container: string;
  /** Of its main process. */
  readonly process: ProcessIdentity;
}

/** What runs in the pods of a node, from the node's folder: it is known of a node, too, whose kubelet is dead or does not answer. */
export function runningContainers(stateDir: string): readonly RunningContainer[] {
  const found: RunningContainer[] = [];
  for (const file of globSync("pods/*/containers/*/*/pid", { cwd: stateDir })) {
    const main = readPidFile(dirname(join(stateDir, file)))?.main;
    if (main === undefined || !isRunning(main)) continue;
    const [, uid = "", , container = ""] = file.split("/");
    const checkpoint = readCheckpoint(join(stateDir, "pods", uid));
    if (checkpoint === undefined) continue;
    found.push({ pod: checkpoint.pod, podIP: checkpoint.podIP, container, process: main });
  }
  return found;
}
