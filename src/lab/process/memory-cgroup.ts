import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const V1_ROOT = "/sys/fs/cgroup/memory";
const V2_ROOT = "/sys/fs/cgroup";

/** A memory limit that the kernel enforces, for one process at a time. */
export interface MemoryCgroup {
  /** The limit in force, in bytes. */
  setLimit(bytes: number): void;
  /** Puts a process under the limit. */
  take(pid: number): void;
  remove(): void;
}

/**
 * Makes a memory cgroup of the lab's own below this process's (version 2) or at the root (version 1); undefined where that is
 * not allowed, as it is for users other than root. The limit of V8's heap stands either way.
 */
export function makeMemoryCgroup(name: string, limitBytes: number): MemoryCgroup | undefined {
  const isV2 = existsSync(join(V2_ROOT, "cgroup.controllers"));
  const limitFile = isV2 ? "memory.max" : "memory.limit_in_bytes";
  const folder = isV2 ? join(V2_ROOT, ownGroup(), name) : join(V1_ROOT, name);
  const write = (file: string, value: number): void => writeFileSync(join(folder, file), String(value));
  try {
    mkdirSync(folder);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== "EEXIST") return undefined;
  }
  try {
    write(limitFile, limitBytes);
  } catch {
    removeFolder(folder); // The memory controller is not given to groups below ours.
    return undefined;
  }
  return {
    setLimit: (bytes) => write(limitFile, bytes),
    take: (pid) => write("cgroup.procs", pid),
    remove: () => removeFolder(folder),
  };
}

/** The group that this process is in, from the root of the hierarchy. */
function ownGroup(): string {
  return /^0::(.*)$/m.exec(readFileSync("/proc/self/cgroup", "utf8"))?.[1] ?? "/";
}

function removeFolder(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // A process that has not quite ended still sits in it; an empty group costs nothing, and the next lab takes it over.
  }
}
