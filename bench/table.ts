import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { writeReport } from "./report.ts";
import type { TableSize } from "./table-size.ts";

const ENTRY = fileURLToPath(new URL("./table-size.ts", import.meta.url));

/** Memory and time of tables by size: `npm run bench -- table [--hosts 100,10000,100000] [--json FILE|-]`. */
export function benchTable(args: readonly string[]): number {
  const { values } = parseArgs({
    args: [...args],
    options: { hosts: { type: "string", default: "100,10000,100000" }, json: { type: "string" } },
  });
  const sizes = values.hosts.split(",").map(Number);
  if (!sizes.every((hosts) => Number.isInteger(hosts) && hosts > 0)) {
    process.stderr.write("--hosts takes whole numbers from 1 up, separated by commas\n");
    return 2;
  }
  const rows: TableSize[] = [];
  for (const hosts of sizes) {
    const run = spawnSync(process.execPath, ["--expose-gc", "--no-flush-bytecode", "--max-old-space-size=12288", ENTRY, String(hosts)], {
      encoding: "utf8",
    });
    if (run.status !== 0) {
      process.stderr.write(`${hosts} hosts: ${run.stderr.trim().slice(-2_000)}\n`);
      return 1;
    }
    rows.push(JSON.parse(run.stdout) as TableSize);
  }
  writeReport(tableOf(rows), { rows }, values.json);
  return 0;
}

function tableOf(rows: readonly TableSize[]): readonly string[] {
  const lines: readonly (readonly [string, (row: TableSize) => string])[] = [
    ["hosts", (row) => String(row.hosts)],
    ["routes", (row) => String(row.routes)],
    ["lookup, ns", (row) => row.lookupNs.toFixed(0)],
    ["first lookup of a host, us: median", (row) => row.firstLookupUs.median.toFixed(1)],
    ["  longest", (row) => row.firstLookupUs.max.toFixed(0)],
    ["bytes per route: text of the generation", (row) => row.textBytesPerRoute.toFixed(0)],
    ["  worker, no host asked for yet", (row) => row.coldBytesPerRoute.toFixed(0)],
    ["  worker, every host asked for", (row) => row.openedBytesPerRoute.toFixed(0)],
    ["  compiled as a whole", (row) => row.compiledBytesPerRoute.toFixed(0)],
    ["control: convert, ms", (row) => row.convertMs.toFixed(0)],
    ["  convert one changed Ingress, median, ms", (row) => row.convertOneMs.toFixed(2)],
    ["  compile to find problems, ms", (row) => row.compileMs.toFixed(0)],
    ["  encode and hash, ms", (row) => row.encodeMs.toFixed(0)],
    ["worker: open a generation, ms", (row) => row.openMs.toFixed(1)],
  ];
  return lines.map(([name, of]) => `${name.padEnd(42)}${rows.map((row) => of(row).padStart(10)).join("")}`);
}
