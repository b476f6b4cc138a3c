import { spawnSync } from "node:child_process";
import { messageOf } from "../../../kernel/index.ts";
import { inNewNamespace } from "../network-namespace.ts";

/** Why a test of faults of the network cannot run here: no namespace for us, or a tool that is not there. `undefined`: it can. */
export function whyNoNamespace(tools: readonly ("iptables" | "iptables-save" | "tc")[] = []): string | undefined {
  try {
    inNewNamespace([]);
  } catch (thrown) {
    return messageOf(thrown);
  }
  const missing = tools.find((tool) => spawnSync("sh", ["-c", 'command -v "$1"', "sh", tool]).status !== 0);
  return missing && `no ${missing}; install Debian's packages iptables and iproute2`;
}
