import { execFileSync, spawnSync } from "node:child_process";
import { globSync, rmSync, writeFileSync } from "node:fs";

// dependency-cruiser exits with 0 when it sees no file at all, as it does with a parser it has not got. So a forbidden import is
// planted first: only a check that finds it is worth its green.
const canary = "src/kernel/canary-of-the-layers.ts";
const cruise = ["node_modules/dependency-cruiser/bin/dependency-cruise.mjs", "--config", ".dependency-cruiser.cjs", "src"];

writeFileSync(canary, 'export { MetricsRegistry } from "../telemetry/index.ts";\n');
let planted;
try {
  planted = spawnSync(process.execPath, [...cruise, "--output-type", "json"], { encoding: "utf8", maxBuffer: 1 << 28 });
} finally {
  rmSync(canary, { force: true });
}
const seen = JSON.parse(planted.stdout) as { summary: { totalCruised: number; violations: { rule: { name: string }; from: string }[] } };
if (seen.summary.totalCruised < globSync("src/**/*.ts").length || !seen.summary.violations.some((violation) => violation.from === canary)) {
  process.stderr.write(
    `scripts/check-layers.ts: the planted violation was not found (${seen.summary.totalCruised} files seen): the layer check sees nothing\n`,
  );
  process.exit(1);
}
execFileSync(process.execPath, cruise, { stdio: "inherit" });
