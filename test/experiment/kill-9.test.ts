import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { promisify } from "node:util";
import type { FaultLine } from "../../src/experiment/fault/ledger.ts";
import { runsIn } from "../../src/experiment/index.ts";
import { until } from "../../src/kernel/testing/until.ts";
import { KINDS, type Kind } from "./kill/kinds.ts";

const HOLDFAST = join(import.meta.dirname, "../../bin/holdfast");
const ENTRY = join(import.meta.dirname, "kill/die-at-entry.ts");
const PATIENCE_MS = 60_000;
/** HOLDFAST_KILLS=all (`npm run kill:experiments`, .ci/nightly): at every line of the ledger, for every kind of fault. */
const isAll = process.env["HOLDFAST_KILLS"] === "all";

type When = "before" | "after" | "with-watchdog";

interface Death {
  readonly isKilled: boolean;
  readonly step: string;
}

/** Plays it until it dies at a line of its ledger, and sees to it that nothing is left. */
async function dieAt(t: TestContext, kind: Kind, when: When, line: number): Promise<Death> {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-kill-"));
  t.after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }));
  const [file, state] = [join(folder, "x.json"), join(folder, "state")];
  const fine = { type: "probe", name: "fine", tolerance: 0, provider: { type: "process", path: "true" } };
  writeFileSync(
    file,
    JSON.stringify({ title: "t", description: "d", "steady-state-hypothesis": { title: "h", probes: [fine] }, method: kind.method }),
  );
  const args = [ENTRY, when, String(line), "experiment", "run", file, "--state", state, ...kind.flags];
  const run = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  run.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
  const [code, signal] = (await once(run, "close")) as [number | null, string | null];
  if (signal === null) assert.equal(code, 0, said);
  const step = lastOwnStep(state);
  // Nobody is left who would do it.
  if (when === "with-watchdog" && signal !== null) {
    // Not synchronously: what it speaks to may be in this process.
    await promisify(execFile)(HOLDFAST, ["experiment", "revert", "--state", state]);
  }
  await until(`nothing is left of ${when} line ${line}`, async () => (await kind.left()).length === 0, PATIENCE_MS);
  await until("the ledger is closed", () => runsIn(state).every(({ open }) => open.length === 0), PATIENCE_MS);
  assert.deepEqual(await kind.left(), []);
  return { isKilled: signal === "SIGKILL", step };
}

/** The last line that the run itself wrote: the watchdog's own come after it, as soon as it is dead. */
function lastOwnStep(state: string): string {
  const texts = globSync("**/ledger.jsonl", { cwd: state }).map((file) => readFileSync(join(state, file), "utf8"));
  const lines = texts.flatMap((text) => text.split("\n").filter(Boolean)).map((line) => JSON.parse(line) as Partial<FaultLine>);
  const last = lines.findLast(({ by }) => by === undefined);
  return last === undefined ? "nothing written" : `${last.fault ?? "run"} ${last.step ?? ""}`;
}

/** In the short form: intended and not done; done and not written down; seen, with nobody left to watch. */
const SHORT = ["after 2", "before 3", "with-watchdog 4"];

for (const [name, make] of Object.entries(KINDS)) {
  if (!isAll && name !== "processes") continue;
  test(`killed with kill -9 at any line of its ledger, an experiment leaves nothing broken: ${name}`, async (t) => {
    const kind = await make(t);
    const deaths: string[] = [];
    for (const when of ["before", "after", "with-watchdog"] as const) {
      for (let line = 1; line <= (isAll ? Infinity : 4); line++) {
        if (!isAll && !SHORT.includes(`${when} ${line}`)) continue;
        const { isKilled, step } = await dieAt(t, kind, when, line);
        // It came to its end before that line.
        if (!isKilled) break;
        deaths.push(step);
        if (isAll) process.stderr.write(`${name}: ${when} line ${line}: ${step}\n`);
      }
    }
    assert.ok(deaths.length >= (isAll ? 18 : SHORT.length), `only ${deaths.length} deaths`);
    assert.ok(deaths.some((step) => step.endsWith("intent")));
  });
}
