import { written } from "../document/json.ts";
import type { PreparedFault, Sight, UndoKind, UndoRecord } from "../fault/fault.ts";
import { type Network, networkOf, runTool } from "../network/run-tool.ts";

const KIND = "resource/ports";
const FILE = "/proc/sys/net/ipv4/ip_local_port_range";
const FIRST = 40_000;

/** So many ports for outgoing connections to one address and port, of everybody in this network. */
export async function preparePorts(network: Network, count: number): Promise<PreparedFault> {
  const before = await rangeOf(network);
  const range = `${FIRST} ${FIRST + count - 1}`;
  const look = async (wanted: string): Promise<Sight> => {
    const now = await rangeOf(network);
    return { seen: now === wanted, evidence: `${FILE}: ${now}` };
  };
  return {
    kind: KIND,
    label: `${count} ports for outgoing connections to one address`,
    victims: [`network ${network.id}`],
    undo: { kind: KIND, network: network.id, range: before },
    async apply() {
      await setRange(network, range);
      return { range };
    },
    witness: { label: FILE, isInjected: () => look(range), isReverted: () => look(before) },
  };
}

export const portsUndo: UndoKind = {
  kind: KIND,
  async undo(record) {
    const network = networkOf(written(record["network"]));
    if (network !== undefined) await setRange(network, written(record["range"]));
  },
  byHand: ({ range }: UndoRecord) => `echo ${written(range)} > ${FILE}`,
};

async function rangeOf(network: Network): Promise<string> {
  return (await runTool(network, ["cat", FILE])).trim().split(/\s+/).join(" ");
}

async function setRange(network: Network, range: string): Promise<void> {
  await runTool(network, ["sh", "-c", 'echo "$1" > "$2"', "sh", range, FILE]);
}
