import { written } from "../document/json.ts";
import type { PreparedFault, UndoKind, UndoRecord } from "../fault/fault.ts";
import { ActivityFailed } from "../provider/activity-failed.ts";
import type { Places } from "./place.ts";
import { type Network, networkOf, runTool } from "./run-tool.ts";
import { rateWitness } from "./witnesses.ts";

const KIND = "network/bandwidth";
const ROOT = "1:";
const FIRST = 0x100;

/** A narrow link: all of what goes to and comes from the addresses shares one rate. What is not of them passes as before. */
export async function prepareBandwidth(network: Network, { names, places }: Places, kbit: number): Promise<PreparedFault> {
  const number = await freeClass(network);
  const id = number.toString(16);
  const address = places[0]?.cidr.split("/")[0] ?? "";
  if (places.some(({ cidr }) => cidr.includes(":"))) throw new ActivityFailed("bandwidth is of IPv4 addresses only");
  return {
    kind: KIND,
    label: `${kbit} kbit/s for ${names.join(", ")}`,
    victims: names,
    undo: { kind: KIND, network: network.id, number },
    async apply() {
      if (!(await runTool(network, ["tc", "qdisc", "show", "dev", "lo"])).includes(`htb ${ROOT} root`))
        await runTool(network, ["tc", "qdisc", "add", "dev", "lo", "root", "handle", ROOT, "htb"]);
      await runTool(network, ["tc", "class", "add", "dev", "lo", "parent", ROOT, "classid", `${ROOT}${id}`, "htb", "rate", `${kbit}kbit`]);
      for (const { cidr } of places)
        for (const end of ["src", "dst"])
          await runTool(
            network,
            `tc filter add dev lo parent ${ROOT} protocol ip pref ${number} u32 match ip ${end} ${cidr} flowid ${ROOT}${id}`.split(" "),
          );
      return { kbit, class: `${ROOT}${id}` };
    },
    witness: rateWitness(address, kbit),
  };
}

/** Takes away the fault's class and its filters, and the queue when no other fault has a class in it. */
export const bandwidthUndo: UndoKind = {
  kind: KIND,
  async undo(record) {
    const network = networkOf(written(record["network"]));
    if (network === undefined) return;
    const number = Number(record["number"]);
    const id = number.toString(16);
    if ((await runTool(network, ["tc", "filter", "show", "dev", "lo", "parent", ROOT])).includes(`pref ${number} `))
      await runTool(network, ["tc", "filter", "del", "dev", "lo", "parent", ROOT, "pref", String(number)]);
    if ((await classesOf(network)).includes(number))
      await runTool(network, ["tc", "class", "del", "dev", "lo", "parent", ROOT, "classid", `${ROOT}${id}`]);
    const isOurs = (await runTool(network, ["tc", "qdisc", "show", "dev", "lo"])).includes(`htb ${ROOT} root`);
    if (isOurs && (await classesOf(network)).length === 0) await runTool(network, ["tc", "qdisc", "del", "dev", "lo", "root"]);
  },
  byHand: ({ number }: UndoRecord) =>
    `tc filter del dev lo parent ${ROOT} pref ${Number(number)}; tc class del dev lo classid ${ROOT}${Number(number).toString(16)}`,
};

async function freeClass(network: Network): Promise<number> {
  const taken = await classesOf(network);
  let number = FIRST;
  while (taken.includes(number)) number++;
  return number;
}

async function classesOf(network: Network): Promise<readonly number[]> {
  const list = await runTool(network, ["tc", "class", "show", "dev", "lo"]);
  return [...list.matchAll(/^class htb 1:([\da-f]+) /gm)].map(([, id]) => Number.parseInt(id ?? "", 16));
}
