import { spawnSync } from "node:child_process";
import { readlinkSync } from "node:fs";
import { AppError, messageOf } from "../../kernel/index.ts";

/** A network of its own: its loopback, addresses, firewall, queues and ports touch nobody else, and go when its last process ends. */
export interface NetworkNamespace {
  /** A process in it. */
  readonly pid: number;
  /** As /proc/PID/ns/net has it: `net:[4026532177]`. */
  readonly id: string;
}

/** In the environment of every process in a namespace that was made here: its id, so that it says nothing anywhere else. */
const MARK = "HOLDFAST_NETWORK_NAMESPACE";

// Nothing but sh and ip: what is run takes the place of both, under the same process id.
const ENTER = `ip link set lo up && ${MARK}=$(readlink /proc/self/ns/net) && export ${MARK} && exec "$@"`;

/** The namespace that this process is in; empty where there are none. */
export function networkNamespaceOf(pid: number | "self"): string {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`);
  } catch {
    return "";
  }
}

/** Whether this process is in a network namespace that was made for it, where it may break the network. */
export function isInOwnNamespace(environment: Readonly<Record<string, string | undefined>>): boolean {
  const mark = environment[MARK];
  return mark !== undefined && mark !== "" && mark === networkNamespaceOf("self");
}

/**
 * What to run so that `command` runs in a network namespace of its own, its loopback up.
 * @throws AppError EXPERIMENT_NAMESPACE_REFUSED
 */
export function inNewNamespace(command: readonly string[]): readonly [string, ...string[]] {
  const unshare = ["unshare", ...(process.getuid?.() === 0 ? [] : ["--user", "--map-root-user"]), "--net"] as const;
  tryOut([...unshare, "sh", "-c", ENTER, "sh", "true"]);
  return [...unshare, "sh", "-c", ENTER, "sh", ...command];
}

/**
 * What to run so that `command` runs in a namespace that is there already.
 * @throws AppError EXPERIMENT_NAMESPACE_REFUSED when it is gone, or we may not
 */
export function inNamespaceOf({ pid, id }: NetworkNamespace, command: readonly string[]): readonly [string, ...string[]] {
  if (networkNamespaceOf(pid) !== id)
    throw new AppError(
      "EXPERIMENT_NAMESPACE_REFUSED",
      `process ${pid} is not in the network namespace ${id} any more; was its lab restarted?`,
    );
  const asRoot = process.getuid?.() === 0 ? [] : ["--user", "--preserve-credentials"];
  const nsenter = ["nsenter", "--target", String(pid), ...asRoot, "--net"] as const;
  tryOut([...nsenter, "true"]);
  return [...nsenter, "sh", "-c", ENTER, "sh", ...command];
}

/** Puts a command in the place of this process, with the same id, files and terminal. Never returns. */
export function become([file, ...args]: readonly [string, ...string[]], environment: NodeJS.ProcessEnv): never {
  const found = spawnSync("sh", ["-c", 'command -v "$1"', "sh", file], { encoding: "utf8" }).stdout.trim();
  if (process.execve === undefined || found === "")
    throw new AppError("EXPERIMENT_NAMESPACE_REFUSED", `${file} is not there; a network namespace needs Linux, util-linux and iproute2`);
  return process.execve(found, [file, ...args], environment);
}

function tryOut([file = "", ...args]: readonly string[]): void {
  const tried = spawnSync(file, args, { encoding: "utf8", timeout: 10_000 });
  if (tried.status === 0) return;
  const why = tried.error === undefined ? (tried.stderr.trim().split("\n")[0] ?? "") : messageOf(tried.error);
  throw new AppError(
    "EXPERIMENT_NAMESPACE_REFUSED",
    `this host gives us no network namespace (${why || `${file} ended with ${tried.status}`}); it needs Linux, util-linux, iproute2, and root or user namespaces (sysctl kernel.unprivileged_userns_clone=1, kernel.apparmor_restrict_unprivileged_userns=0)`,
  );
}
