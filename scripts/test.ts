import { spawnSync } from "node:child_process";
import { globSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

// `npm test`: the gates, then every test: unit tests, those of several parts in one process (folders of test/), whole-system tests (test/*.test.ts).
// Two files at a time, also of those that start a cluster's worth of processes: they wait more than they compute. Ends with one plain line `N passed, N failed`.
/** What comes after the limit of a file (scripts/test-limit.ts): a process that does not even get to its timers. */
const GROUP_LIMIT_MS = 30 * 60_000;
const scratch = mkdtempSync(join(tmpdir(), "holdfast-test-"));
const counts = { passed: 0, failed: 0, skipped: 0, notRun: [] as string[], files: [] as string[] };

function gates(): void {
  const run = spawnSync(process.execPath, ["scripts/check.ts"], { encoding: "utf8", maxBuffer: 1 << 28 });
  process.stdout.write(run.stdout);
  process.stderr.write(run.stderr);
  for (const line of run.stdout.split("\n")) {
    if (/^ok {3}\S/.test(line)) counts.passed += 1;
    if (/^FAIL \S/.test(line)) counts.failed += 1;
  }
  if (run.status !== 0 && counts.failed === 0) counts.failed = 1;
}

function tests(title: string, files: readonly string[]): void {
  if (files.length === 0) return;
  process.stdout.write(`\n${title}: ${files.length} files\n`);
  const countsFile = join(scratch, `${title.replaceAll(/\W+/g, "-")}.json`);
  const startedAtMs = performance.now();
  const run = spawnSync(
    process.execPath,
    [
      "--test",
      "--import=./scripts/test-limit.ts",
      "--test-timeout=620000",
      "--test-concurrency=2",
      "--test-reporter=./scripts/test-reporter.ts",
      ...files,
    ],
    {
      stdio: ["ignore", "inherit", "inherit"],
      env: { ...process.env, HOLDFAST_TEST_COUNTS: countsFile },
      timeout: GROUP_LIMIT_MS,
      killSignal: "SIGKILL",
    },
  );
  let passed = 0;
  for (const line of readCounts(countsFile, files)) {
    passed += line.passed;
    counts.passed += line.passed;
    counts.failed += line.failed;
    counts.skipped += line.skipped;
    counts.notRun.push(...line.notRun);
    // Seen on a busy machine with --test-force-exit, which ends a process before all it has to say is read: 39 tests gone and nothing red.
    for (const file of files.filter((one) => !line.files.includes(resolve(one)))) {
      process.stdout.write(`FAIL ${file}: it has no tests, or not all of its results arrived\n`);
      counts.failed += 1;
    }
  }
  if (run.status !== 0 && counts.failed === 0) counts.failed += 1;
  process.stdout.write(`${title}: ${passed} passed in ${((performance.now() - startedAtMs) / 1000).toFixed(0)} s\n`);
}

function readCounts(file: string, files: readonly string[]): (typeof counts)[] {
  try {
    return readFileSync(file, "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as typeof counts);
  } catch {
    process.stdout.write("the test runner left no counts: it did not come to its end\n");
    return [{ passed: 0, failed: 1, skipped: 0, notRun: [], files: [...files] }];
  }
}

const only = process.argv[2];
if (only === undefined || only === "gates") gates();
if (only === undefined || only === "unit") tests("unit tests", globSync("src/**/*.test.{ts,tsx}").sort());
if (only === undefined || only === "system") {
  tests("tests of several parts", globSync("test/*/**/*.test.ts").sort());
  tests("whole-system tests", globSync("test/*.test.ts").sort());
}
rmSync(scratch, { recursive: true, force: true });

if (counts.notRun.length > 0) {
  process.stdout.write(
    `\nNot run here, for want of something (${counts.notRun.length}):\n${counts.notRun.map((line) => `  ${line}`).join("\n")}\n`,
  );
  if (process.env["CI"] !== undefined) {
    counts.failed += counts.notRun.length;
    process.stdout.write("In CI that is a failure.\n");
  }
}
process.stdout.write(`\n${counts.passed} passed, ${counts.failed} failed${counts.skipped > 0 ? `, ${counts.skipped} skipped` : ""}\n`);
process.exitCode = counts.failed === 0 && counts.passed > 0 ? 0 : 1;
