import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { type Hold, type HoldState, createHold, parseHoldState } from "../../hold/index.ts";
import { seededRandom, systemClock } from "../../kernel/index.ts";
import { ManualClock } from "../../kernel/testing/manual-clock.ts";
import { silentLog } from "../../telemetry/index.ts";
import { readRecords } from "../snapshot/record.ts";
import { openSnapshotStore } from "../snapshot/store.ts";
import { HoldFile, readHoldFile } from "./hold-file.ts";
import { SnapshotWrites } from "./snapshot-writes.ts";

/** What a restart would begin with; order does not count. */
function content(state: HoldState<unknown>): HoldState<unknown> {
  const accepted = state.accepted.map(({ key, value, version, withdrawn }) => ({ key, value, version, withdrawn }));
  return { ...state, accepted: accepted.toSorted((a, b) => (a.key < b.key ? -1 : 1)) };
}

function textOf({ accepted, ...records }: HoldState<unknown>): string {
  return JSON.stringify([accepted, Object.entries(records).toSorted(([a], [b]) => (a < b ? -1 : 1))]);
}

test("what a hold accepts and holds back comes back after every save, and from a file cut anywhere what it was at some save", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "holdfast-hold-file-"));
  t.after(() => rmSync(directory, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 }));
  const store = openSnapshotStore({ directory, source: "test" }, { log: silentLog });
  const writes = new SnapshotWrites({ clock: systemClock, log: silentLog });
  const hold: Hold<{ n: number }> = createHold<{ n: number }>(
    { name: "things" },
    { clock: new ManualClock(), onChange: (change) => file.touch(change), audit: () => file.touch() },
  );
  const file = new HoldFile("kind-things", hold, { clock: systemClock, store, writes });
  const stateOf = (texts: readonly string[]): HoldState<unknown> => content(parseHoldState(readHoldFile(texts), (value) => value));
  const random = seededRandom(5);
  const items = Array.from({ length: 6 }, (_, at) => ({ key: `k${at}`, value: { n: at }, version: "1" }));
  hold.observe({ kind: "complete", items, poisoned: [], revision: "1", rewound: false });
  await file.save();
  const saved = [content(hold.snapshot())];
  for (let step = 0; step < 12; step++) {
    const key = `k${Math.floor(random.next() * 8)}`;
    if (random.next() < 0.6) hold.observe({ kind: "upsert", key, value: { n: step }, version: String(step + 2) });
    else hold.observe({ kind: "delete", key, revision: String(step + 2) });
    await file.save();
    saved.push(content(hold.snapshot()));
    assert.deepEqual(stateOf(store.readChanges("kind-things") ?? []), saved.at(-1));
  }
  const bytes = readFileSync(store.stateFile("kind-things"));
  const texts = new Map([...new Set(saved.map(textOf))].map((text, at) => [text, at]));
  let last = -1;
  for (let length = 0; length <= bytes.length; length++) {
    const { texts: records } = readRecords(bytes.subarray(0, length));
    const at = records.length === 0 ? -1 : (texts.get(textOf(stateOf(records))) ?? Number.NaN);
    assert.ok(at >= last, `cut at ${length}`);
    last = at;
  }
  assert.equal(last, texts.size - 1);
});
