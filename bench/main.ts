// One file per kind of measurement: CPU per request beside others (the default), what clients cost at the listener, idle connections, large bodies, tables by
// size, how changes go live.
import { benchBodies } from "./bodies.ts";
import { benchCost } from "./cost.ts";
import { benchFronts } from "./fronts.ts";
import { benchIdle } from "./idle.ts";
import { benchLive } from "./live.ts";
import { benchTable } from "./table.ts";

const kinds: Readonly<Record<string, (args: readonly string[]) => number | Promise<number>>> = {
  bodies: benchBodies,
  fronts: benchFronts,
  idle: benchIdle,
  live: benchLive,
  table: benchTable,
};

const [name = "", ...rest] = process.argv.slice(2);
const kind = kinds[name];
process.exitCode = kind === undefined ? await benchCost(process.argv.slice(2)) : await kind(rest);
