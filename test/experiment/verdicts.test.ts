import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, describe, it } from "node:test";
import type { Journal } from "../../src/experiment/index.ts";
import { until } from "../../src/kernel/testing/until.ts";

// Without --compat: what Chaos Toolkit leaves green, or leaves broken, and ours does not. A file stands for the service.
const HOLDFAST = join(import.meta.dirname, "../../bin/holdfast");

const process_ = (path: string, ...args: string[]): object => ({ type: "process", path, arguments: args });
const action = (name: string, path: string, ...args: string[]): object => ({ type: "action", name, provider: process_(path, ...args) });
const THERE = { type: "probe", name: "there", tolerance: 0, provider: process_("test", "-e", "FLAG") };
const TAKE_DOWN = { ...action("take down", "rm", "FLAG"), pauses: { after: 0.5 } };
const RESTORE = action("restore", "touch", "FLAG");

interface Played {
  readonly folder: string;
  readonly child: ChildProcess;
  readonly isThere: () => boolean;
  readonly end: Promise<{ readonly code: number | null; readonly said: string; readonly journal: Journal | undefined }>;
}

function play(t: TestContext, parts: object, ...flags: string[]): Played {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-verdict-"));
  const [file, journalFile, flag] = [join(folder, "x.json"), join(folder, "journal.json"), join(folder, "flag")];
  const experiment = { title: "t", description: "d", "steady-state-hypothesis": { title: "h", probes: [THERE] }, method: [], ...parts };
  writeFileSync(file, JSON.stringify(experiment).replaceAll("FLAG", flag));
  writeFileSync(flag, "");
  const args = [
    "experiment",
    "run",
    file,
    "--journal",
    journalFile,
    "--state",
    join(folder, "runs"),
    "--hypothesis-frequency",
    "0.1",
    ...flags.map((flag) => flag.replace("FOLDER", folder)),
  ];
  const child = spawn(HOLDFAST, args, { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => (said += chunk));
  const end = new Promise<number | null>((resolve) => child.once("close", resolve)).then((code) => ({
    code,
    said,
    journal: existsSync(journalFile) ? (JSON.parse(readFileSync(journalFile, "utf8")) as Journal) : undefined,
  }));
  t.after(() => {
    child.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });
  return { folder, child, isThere: () => existsSync(flag), end };
}

describe("verdicts of our own", { concurrency: 4 }, () => {
  it("an outage that was over before the end is a deviation", async (t) => {
    const { code, said, journal } = await play(t, { method: [TAKE_DOWN, RESTORE] }).end;
    assert.equal(code, 1, said);
    assert.match(said, /deviated: \d+ of \d+ looks at the steady state missed; first probe "there" was out of its tolerance/);
    assert.match(said, /the steady state was missed for \d+\.\d s/);
    assert.equal(journal?.steady_states.after?.steady_state_met, true);
  });

  it("what disturbs nothing holds", async (t) => {
    const { code, said } = await play(t, { method: [{ ...action("nothing", "true"), pauses: { after: 0.3 } }] }).end;
    assert.equal(code, 0, said);
    assert.match(said, /held: \d+ looks at the steady state, all met/);
  });

  it("a system that is not well before is not touched", async (t) => {
    const { code, said, journal } = await play(t, {
      "steady-state-hypothesis": { title: "h", probes: [{ ...THERE, tolerance: 7 }] },
      method: [TAKE_DOWN],
      rollbacks: [RESTORE],
    }).end;
    assert.equal(code, 3, said);
    assert.match(said, /inconclusive: before anything was done, probe "there" was out of its tolerance: it answered \{"status":0/);
    assert.deepEqual([journal?.run, journal?.rollbacks], [[], []]);
  });

  it("a fault that did not happen proves nothing", async (t) => {
    const { code, said } = await play(t, { method: [action("break", "false")] }).end;
    assert.equal(code, 3, said);
    assert.match(said, /inconclusive: "break" failed: it ended with status 1/);
  });

  it("a probe of the method that is out of its tolerance is a deviation, though the steady state was met", async (t) => {
    const { code, said, journal } = await play(t, { method: [{ ...THERE, name: "look", tolerance: 7 }] }).end;
    assert.equal(code, 1, said);
    assert.match(said, /deviated: probe "look" was out of its tolerance: it answered \{"status":0/);
    assert.equal(journal?.run[0]?.tolerance_met, false);
  });

  it("a probe of the method within its tolerance is a verdict without a hypothesis", async (t) => {
    const { code, said } = await play(t, { "steady-state-hypothesis": undefined, method: [THERE] }).end;
    assert.equal(code, 0, said);
    assert.match(said, /held: probes of the method within their tolerance: 1/);
  });

  it("a tolerance of the method that is none is told before anything is touched", async (t) => {
    const { code, said, journal } = await play(t, { method: [TAKE_DOWN, { ...THERE, name: "look", tolerance: 1.5 }] }).end;
    assert.equal(code, 2, said);
    assert.match(said, /x\.json:1:\d+: .*\(method\.1\.tolerance\)/);
    assert.equal(journal, undefined);
  });

  it("a secret of the file is in nothing that a run leaves behind", async (t) => {
    const secrets = { shop: { key: "geheim-77" } };
    const played = play(t, { secrets, method: [action("say it", "echo", "key=${key}")] }, "--report", "FOLDER/report.html");
    const { code, said, journal } = await played.end;
    const { folder } = played;
    assert.equal(code, 0, said);
    const { version } = JSON.parse(readFileSync(join(import.meta.dirname, "../../package.json"), "utf8")) as { readonly version: string };
    assert.equal(journal?.holdfast?.host?.holdfast, version);
    assert.match(JSON.stringify(journal?.run[0]?.output), /key=\[redacted\]/);
    const left = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const names = left.map(({ name }) => name).toSorted();
    assert.deepEqual(names, ["flag", "journal.json", "journal.json", "progress.jsonl", "report.html", "x.json"]);
    const telling = left.filter(
      ({ parentPath, name }) => name !== "x.json" && readFileSync(join(parentPath, name), "utf8").includes("geheim-77"),
    );
    assert.deepEqual(
      telling.map(({ name }) => name),
      [],
    );
  });

  it("a report that could not be written is told before anything is touched", async (t) => {
    const { code, said, journal } = await play(t, { method: [TAKE_DOWN] }, "--report", "FOLDER/nowhere/report.html").end;
    assert.equal(code, 2, said);
    assert.match(said, /^holdfast: --report .*nowhere.*report\.html: there is no folder .*nowhere\n$/);
    assert.equal(journal, undefined);
  });

  it("no hypothesis, no verdict", async (t) => {
    const { code, said } = await play(t, { "steady-state-hypothesis": undefined, method: [action("nothing", "true")] }).end;
    assert.equal(code, 3, said);
    assert.match(said, /inconclusive: nobody looked at a steady state/);
  });

  it("a tolerance that says nothing about the answer is no verdict, and what was done is put back", async (t) => {
    const played = play(
      t,
      {
        "steady-state-hypothesis": { title: "h", probes: [{ ...THERE, tolerance: { type: "regex", pattern: "x" } }] },
        method: [TAKE_DOWN],
        rollbacks: [RESTORE],
      },
      "--hypothesis-strategy",
      "after-method-only",
    );
    const { code, said } = await played.end;
    assert.equal(code, 3, said);
    assert.match(said, /probe "there" could not be judged: its tolerance cannot be applied to its answer: expected string/);
    assert.equal(played.isThere(), true);
  });

  it("a rollback that fails is told before everything else", async (t) => {
    const { code, said } = await play(t, { method: [TAKE_DOWN], rollbacks: [action("restore", "false")] }).end;
    assert.equal(code, 4, said);
    assert.match(said, /not-reverted: rollback "restore" failed: it ended with status 1; after the rollbacks, probe "there" was out/);
  });

  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    it(`${signal} in the middle puts everything back`, async (t) => {
      const played = play(t, { method: [TAKE_DOWN, action("wait", "sleep", "60")], rollbacks: [RESTORE] });
      await until("it is taken down", () => !played.isThere(), 30_000);
      played.child.kill(signal);
      const { code, said, journal } = await played.end;
      assert.equal(code, 6, said);
      assert.match(said, new RegExp(`halted: ended by ${signal}`));
      assert.equal(played.isThere(), true);
      assert.equal(journal?.status, "interrupted");
      assert.ok(journal.run.every(({ status }) => status === "succeeded" || status === "failed"));
    });
  }

  it("SIGTERM under --compat leaves it broken, as Chaos Toolkit does", async (t) => {
    const played = play(t, { method: [TAKE_DOWN, action("wait", "sleep", "60")], rollbacks: [RESTORE] }, "--compat");
    await until("it is taken down", () => !played.isThere(), 30_000);
    played.child.kill("SIGTERM");
    const { code, said, journal } = await played.end;
    assert.equal(code, 1, said);
    assert.deepEqual([played.isThere(), journal?.status, journal?.rollbacks], [false, "interrupted", []]);
  });

  it("a mistake in the file is told before anything is touched", async (t) => {
    const played = play(t, { method: [TAKE_DOWN], rollbacks: [{ ref: "nobody" }] });
    const { code, said } = await played.end;
    assert.equal(code, 2);
    assert.match(
      said,
      /x\.json:1:\d+: referenced activity 'nobody' could not be found in the experiment \(rollbacks\.0\.ref\): name one of its/,
    );
    assert.equal(played.isThere(), true);
  });
});
