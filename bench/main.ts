// One file per kind of measurement: CPU per request beside others (the default), tables by size, how changes go live.
import { benchCost } from "./cost.ts";
import { benchLive } from "./live.ts";
import { benchTable } from "./table.ts";

const [name, ...rest] = process.argv.slice(2);
if (name === "table") process.exitCode = benchTable(rest);
else if (name === "live") process.exitCode = await benchLive(rest);
else process.exitCode = await benchCost(process.argv.slice(2));
