import { randomBytes } from "node:crypto";
import { written } from "../document/json.ts";
import type { PreparedFault, Sight, UndoKind, UndoRecord, Witness } from "../fault/fault.ts";
import { type Network, networkOf, runTool } from "./run-tool.ts";
import type { Place, Places } from "./place.ts";

const KIND = "network/firewall";
const TOOLS = ["iptables", "ip6tables"] as const;

export type Direction = "both" | "requests" | "replies";

/** What is done with packets: iptables' words for which of them, and for what becomes of these. */
export interface Packets {
  readonly match: readonly string[];
  readonly verdict: readonly string[];
  readonly direction: Direction;
  /** A verdict that only TCP knows. */
  readonly isTcpOnly?: boolean;
}

/** A fault that is rules of the firewall. Each carries the fault's own mark, so that exactly these are taken away again. */
export interface Firewall {
  readonly network: Network;
  readonly mark: string;
  readonly rules: readonly (readonly string[])[];
}

export function firewallOf(network: Network, { places }: Places, packets: Packets): Firewall {
  const mark = `holdfast-${randomBytes(6).toString("hex")}`;
  return { network, mark, rules: places.flatMap((place) => rulesFor(place, packets, mark)) };
}

export function prepareFirewall(
  { network, mark, rules }: Firewall,
  { kind, label, victims, witness }: Pick<PreparedFault, "kind" | "label" | "victims"> & { readonly witness: Witness },
): PreparedFault {
  return {
    kind,
    label,
    victims,
    undo: { kind: KIND, network: network.id, mark },
    async apply() {
      for (const rule of rules) await runTool(network, rule);
      return { rules: rules.map((rule) => rule.join(" ")) };
    },
    witness,
  };
}

/** Takes away every rule with the fault's mark: none, some or all of them may be there, and the network may be gone. */
export const firewallUndo: UndoKind = {
  kind: KIND,
  async undo(record) {
    const network = networkOf(written(record["network"]));
    if (network === undefined) return;
    for (const tool of TOOLS) {
      for (const rule of await markedRules(network, tool, written(record["mark"])))
        await runTool(network, [tool, "-w", "5", "-D", ...rule.split(" ").slice(1)]);
    }
  },
  byHand: ({ mark }: UndoRecord) => `iptables -S | grep ${written(mark)}, and iptables -D with each of these lines`,
};

/** What the kernel has counted on a fault's rules. */
export async function countedPackets({ network, mark }: Firewall): Promise<number> {
  const lists = await Promise.all(TOOLS.map((tool) => runTool(network, [tool, "-w", "5", "-nvxL", "OUTPUT"])));
  return lists
    .flatMap((list) => list.split("\n"))
    .filter((line) => line.includes(`/* ${mark} */`))
    .reduce((sum, line) => sum + Number(line.trim().split(/\s+/, 1)[0]), 0);
}

/** Seen when none of a fault's rules is there. */
export async function areRulesGone({ network, mark }: Firewall): Promise<Sight> {
  const left = (await Promise.all(TOOLS.map((tool) => markedRules(network, tool, mark)))).flat();
  return { seen: left.length === 0, evidence: left.length === 0 ? `no rule ${mark}` : `still there: ${left.join("; ")}` };
}

async function markedRules(network: Network, tool: string, mark: string): Promise<readonly string[]> {
  // A host without IPv6 has no ip6tables; a rule there was never made.
  const list = await runTool(network, [tool, "-w", "5", "-S", "OUTPUT"]).catch((error: unknown) => {
    if (tool === "ip6tables") return "";
    throw error;
  });
  return list.split("\n").filter((line) => line.startsWith("-A ") && line.split(" ").includes(mark));
}

/** In OUTPUT, where packets of this network to its own addresses pass once. */
function rulesFor({ cidr, port }: Place, { match, verdict, direction, isTcpOnly = false }: Packets, mark: string): readonly string[][] {
  const tool = cidr.includes(":") ? "ip6tables" : "iptables";
  const rule = (address: string, portFlag: string): string[] => {
    const protocol = port !== undefined ? ["-p", "tcp", portFlag, String(port)] : isTcpOnly ? ["-p", "tcp"] : [];
    return [tool, "-w", "5", "-A", "OUTPUT", address, cidr, ...protocol, "-m", "comment", "--comment", mark, ...match, "-j", ...verdict];
  };
  return [...(direction === "replies" ? [] : [rule("-d", "--dport")]), ...(direction === "requests" ? [] : [rule("-s", "--sport")])];
}
