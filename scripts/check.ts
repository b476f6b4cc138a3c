import { spawnSync } from "node:child_process";

/** The gates that read code and run none of it; each prints what it found and the rest still run. */
const gates: readonly (readonly [name: string, command: string, ...args: string[]])[] = [
  ["types", "node_modules/.bin/tsc", "-p", "."],
  ["types of the page", "node_modules/.bin/tsc", "-p", "src/console/ui"],
  ["lint", "node_modules/.bin/oxlint", "--type-aware", "--deny-warnings"],
  ["format", "node_modules/.bin/oxfmt", "--check"],
  ["layers", process.execPath, "scripts/check-layers.ts"],
  ["unused code", "node_modules/.bin/knip"],
];

let failed = 0;
for (const [name, command, ...args] of gates) {
  const startedAtMs = performance.now();
  const run = spawnSync(command, args, { encoding: "utf8", maxBuffer: 1 << 28 });
  const seconds = ((performance.now() - startedAtMs) / 1000).toFixed(1);
  if (run.status === 0) {
    process.stdout.write(`ok   ${name} (${seconds} s)\n`);
  } else {
    failed += 1;
    process.stdout.write(
      `FAIL ${name} (${seconds} s)\n${run.stdout ?? ""}${run.stderr ?? ""}${run.error === undefined ? "" : `${run.error.message}\n`}`,
    );
  }
}
process.exitCode = failed === 0 ? 0 : 1;
