import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { Journal } from "../../src/experiment/index.ts";

export const HOLDFAST = join(import.meta.dirname, "../../bin/holdfast");

export const native = (activity: string, given: object, more: object = {}): object => ({
  type: "action",
  name: activity,
  provider: { type: "holdfast", activity, arguments: given },
  ...more,
});

export interface Scene {
  readonly folder: string;
  readonly victim: ChildProcess;
  state(): string | undefined;
  /** Begins a run and leaves it to itself. */
  begin(parts: object, ...flags: string[]): ChildProcess;
  play(
    parts: object,
    ...flags: string[]
  ): { readonly code: number | null; readonly said: string; readonly journal: Journal | undefined; readonly printed: string };
}

export function scene(t: TestContext): Scene {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-faults-"));
  const victim = spawn("sleep", ["600"], { stdio: "ignore" });
  t.after(() => {
    victim.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });
  const [file, journalFile] = [join(folder, "x.json"), join(folder, "journal.json")];
  const argsFor = (parts: object, flags: readonly string[]): readonly string[] => {
    const alive = { type: "probe", name: "alive", tolerance: 0, provider: { type: "process", path: "true" } };
    const experiment = { title: "t", description: "d", "steady-state-hypothesis": { title: "h", probes: [alive] }, method: [], ...parts };
    writeFileSync(file, JSON.stringify(experiment));
    return ["experiment", "run", file, "--journal", journalFile, "--state", join(folder, "state"), ...flags];
  };
  return {
    folder,
    victim,
    state: () => /\) (\S)/.exec(readFileSync(`/proc/${victim.pid ?? 0}/stat`, "latin1"))?.[1],
    begin(parts, ...flags) {
      const child = spawn(HOLDFAST, argsFor(parts, flags), { stdio: "ignore", detached: true });
      t.after(() => child.kill("SIGKILL"));
      return child;
    },
    play(parts, ...flags) {
      const { status, stdout, stderr } = spawnSync(HOLDFAST, argsFor(parts, flags), { encoding: "utf8", timeout: 60_000 });
      const journal = existsSync(journalFile) ? (JSON.parse(readFileSync(journalFile, "utf8")) as Journal) : undefined;
      return { code: status, said: stderr, journal, printed: stdout };
    },
  };
}

export const PAUSE = { pauses: { after: 300 } };

export function ledgerIn(folder: string): string {
  const [ledger] = globSync("state/*/ledger.jsonl", { cwd: folder });
  return ledger === undefined ? "" : readFileSync(join(folder, ledger), "utf8");
}
