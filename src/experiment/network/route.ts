import { type Json, isList, written } from "../document/json.ts";
import type { PreparedFault, UndoKind, UndoRecord } from "../fault/fault.ts";
import type { Places } from "./place.ts";
import { type Network, networkOf, runTool } from "./run-tool.ts";
import { connectWitness } from "./witnesses.ts";

const KIND = "network/unreachable";

/** What the system answers to who connects, by the kind of route. */
export const ROUTES = { unreachable: "EHOSTUNREACH", prohibit: "EACCES", blackhole: "EINVAL" } as const;

/** No way there: who connects is told so at once by this host. */
export function prepareRoute(network: Network, places: Places, type: keyof typeof ROUTES): PreparedFault {
  const blocks = [...new Set(places.places.map(({ cidr }) => cidr))];
  return {
    kind: KIND,
    label: `no route (${type}) to ${places.names.join(", ")}`,
    victims: places.names,
    undo: { kind: KIND, network: network.id, type, blocks },
    async apply() {
      for (const block of blocks) await runTool(network, ["ip", "route", "add", type, block, "table", "local"]);
      return { blocks };
    },
    witness: connectWitness(places, [ROUTES[type]]),
  };
}

export const routeUndo: UndoKind = {
  kind: KIND,
  async undo(record) {
    const network = networkOf(written(record["network"]));
    if (network === undefined) return;
    const there = (await runTool(network, ["ip", "-details", "route", "show", "table", "local"])).split("\n");
    for (const block of blocksOf(record)) {
      const route = [written(record["type"]), block.replace(/\/32$/, "")];
      if (there.some((line) => line.startsWith(`${route.join(" ")} `)))
        await runTool(network, ["ip", "route", "del", ...route, "table", "local"]);
    }
  },
  byHand: (record: UndoRecord) =>
    blocksOf(record)
      .map((block) => `ip route del ${written(record["type"])} ${block} table local`)
      .join("; "),
};

function blocksOf({ blocks }: Readonly<Record<string, Json | undefined>>): readonly string[] {
  return isList(blocks) ? blocks.map(written) : [];
}
