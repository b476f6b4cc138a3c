import { availableParallelism, loadavg, totalmem } from "node:os";
import type { HostEvidence } from "./evidence.ts";

/** Where this process runs, as it is now. */
export function hostEvidence(holdfast: string): HostEvidence {
  return {
    holdfast,
    node: process.versions.node,
    cpus: availableParallelism(),
    memoryMiB: Math.round(totalmem() / 2 ** 20),
    load1: loadavg()[0] ?? 0,
  };
}
