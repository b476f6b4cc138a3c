import { execFile } from "node:child_process";
import { accessSync, constants, readdirSync } from "node:fs";
import { messageOf } from "../../kernel/index.ts";
import { isInOwnNamespace, networkNamespaceOf } from "../namespace/network-namespace.ts";
import { ActivityFailed } from "../provider/activity-failed.ts";

/** The flag `--host-network`, as the activities of a run are told of it. */
export const HOST_NETWORK = "HOLDFAST_HOST_NETWORK";

/** A network with all its rules, told by its namespace. */
export interface Network {
  /** As in /proc/PID/ns/net. */
  readonly id: string;
  /** What a command is put behind to run there. */
  readonly enter: readonly string[];
}

/** The network that we are in, if it is ours to break. Throws `ActivityFailed` when it is the host's. */
export function networkToBreak(environment: Readonly<Record<string, string | undefined>>): Network {
  if (!isInOwnNamespace(environment) && environment[HOST_NETWORK] !== "1")
    throw new ActivityFailed(
      "this is the host's own network: run the experiment with --network-namespace, aim it at a lab that has one (holdfast lab --network-namespace), or allow it with --host-network",
    );
  return { id: networkNamespaceOf("self"), enter: [] };
}

/** The network of a fault that is to be put back; undefined when it is gone, and all of its rules with it. */
export function networkOf(id: string): Network | undefined {
  if (id === networkNamespaceOf("self")) return { id, enter: [] };
  const inside = readdirSync("/proc").find((name) => /^\d+$/.test(name) && networkNamespaceOf(Number(name)) === id);
  if (inside === undefined) return undefined;
  const asRoot = process.getuid?.() === 0 ? [] : ["--user", "--preserve-credentials"];
  return { id, enter: ["nsenter", "--target", inside, ...asRoot, "--net", "--"] };
}

/** Runs iptables, tc or ip in a network. Rejects with `ActivityFailed` and its first words. */
export function runTool(network: Network, command: readonly string[]): Promise<string> {
  const [file = "", ...args] = [...network.enter, ...command];
  const env = { ...process.env, ...lockFile() };
  return new Promise((resolve, reject) => {
    execFile(file, args, { env, timeout: 20_000, maxBuffer: 16 * 2 ** 20 }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new ActivityFailed(`${command.join(" ")}: ${stderr.trim().split("\n")[0] || messageOf(error)}`));
    });
  });
}

/** The old iptables locks a file of root's, which who is root in a user namespace only may not write. */
function lockFile(): Readonly<Record<string, string>> {
  try {
    accessSync("/run", constants.W_OK);
    return {};
  } catch {
    return { XTABLES_LOCKFILE: `/tmp/holdfast-xtables-${process.getuid?.() ?? 0}.lock` };
  }
}
