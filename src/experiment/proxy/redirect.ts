import { execFile } from "node:child_process";
import { messageOf } from "../../kernel/index.ts";
import { ActivityFailed } from "../provider/activity-failed.ts";

const TIMEOUT_MS = 10_000;

/** Connections to an address that are to go to another, except those that come from the proxy itself. */
export interface Redirect {
  readonly address: { readonly host: string; readonly port: number };
  readonly to: string;
  /** The proxy's own source address. */
  readonly except: string;
  /** Finds its rules again, and nobody else's. */
  readonly mark: string;
}

/**
 * Redirects new connections by iptables, and resets those that are open: the kernel decides about a connection once, so one that is open
 * would go on around the proxy. Rejects with {@link ActivityFailed}; half of it may be done then.
 */
export async function redirect({ address, to, except, mark }: Redirect): Promise<void> {
  const match = ["-p", "tcp", "-d", address.host, "--dport", String(address.port), "!", "-s", except, "-m", "comment", "--comment", mark];
  await iptables("-t", "nat", "-I", "OUTPUT", ...match, "-j", "DNAT", "--to-destination", to);
  // What still goes to the old address was open before: those that are redirected go to another by now.
  await iptables("-t", "filter", "-I", "OUTPUT", ...match, "-j", "REJECT", "--reject-with", "tcp-reset");
  // A connection on which nothing is sent meets no rule. Where the kernel cannot be asked to close it, its next byte resets it.
  const open = `dst ${address.host} and dport = :${address.port} and not src ${except}`;
  await run("ss", ["-K", "-t", "-n", ...open.split(" ")]).catch(() => "");
}

/** Takes the rules with this mark away, if there are any. Rejects with {@link ActivityFailed}. */
export async function removeRedirect(mark: string): Promise<void> {
  for (const table of ["filter", "nat"]) {
    const rules = await iptables("-t", table, "-S", "OUTPUT");
    for (const rule of rules.split("\n")) {
      const words = rule.split(" ").map((word) => word.replaceAll('"', ""));
      if (words.includes(mark)) await iptables("-t", table, "-D", ...words.slice(1));
    }
  }
}

function iptables(...args: readonly string[]): Promise<string> {
  return run("iptables", ["-w", "5", ...args]);
}

function run(program: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(program, args, { timeout: TIMEOUT_MS, encoding: "utf8" }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new ActivityFailed(`${program} ${args.join(" ")}: ${stderr.trim().split("\n")[0] || messageOf(error)}`));
    });
  });
}
