import { readFileSync } from "node:fs";

/** Of the files a process may open: what listeners, files and the other processes take. */
const OWN = 64;
const LEAST = 16;
/** Connections to endpoints: most clients are idle. */
const ENDPOINTS = 4_096;

/**
 * How many client connections leave room for as many to endpoints, or for some thousands, given how many files this process may open. Without such a limit a flood of
 * connections takes the last file, and no request reaches an endpoint any more. Infinity where the system says nothing of a limit.
 */
export function connectionsThatFit(limits: string | undefined = readLimits()): number {
  const files = /^Max open files +(\d+) /m.exec(limits ?? "")?.[1];
  return files === undefined ? Infinity : connectionsOf(Number(files) - OWN);
}

function connectionsOf(files: number): number {
  return Math.max(LEAST, Math.floor(files / 2), files - ENDPOINTS);
}

function readLimits(): string | undefined {
  try {
    return readFileSync("/proc/self/limits", "utf8");
  } catch {
    return undefined;
  }
}
