import assert from "node:assert/strict";
import { test } from "node:test";
import { parseHoldState } from "./index.ts";
import { complete, holdRig, live, remove, things } from "./testing/evidence-kit.ts";

test("what is held, since when, what was said and what was decided survives a restart", async () => {
  const first = holdRig();
  first.hold.observe(complete(things(30)));
  first.hold.observe(complete(things(10), { revision: "7" }));
  await first.clock.advance(200_000);
  const saved = JSON.parse(JSON.stringify(first.hold.snapshot())) as unknown;
  const second = holdRig({ restored: parseHoldState(saved, String) });
  assert.deepEqual([second.keys().length, second.hold.status().synced, second.hold.status().live], [30, false, false]);
  const [change] = second.hold.held();
  assert.deepEqual([change?.id, change?.keys.length, change?.heldLiveMs, change?.observations.length], ["things-1", 20, 200_000, 1]);
  await second.clock.advance(500_000);
  for (let count = 0; count < 4; count++) {
    second.hold.observe(complete(things(10)));
    await second.clock.advance(33_400);
  }
  assert.equal(second.keys().length, 10);
});

test("after a restart the first complete answer may lack a few, which go when confirmed, and ids go on", async () => {
  const first = holdRig();
  first.hold.observe(complete(things(10)));
  const second = holdRig({ restored: parseHoldState(first.hold.snapshot(), String) }, (hold) => hold.observe(complete(things(9))));
  second.hold.observe(complete(things(9)));
  assert.equal(second.keys().length, 10);
  await second.clock.advance(2_000);
  assert.equal(second.keys().length, 9);
  assert.deepEqual(
    second.audit.map(({ action }) => action),
    ["held", "confirmed"],
  );
});

test("a delete before the first complete answer after a restart is not trusted", () => {
  const first = holdRig();
  first.hold.observe(complete(["a", "b"]));
  const second = holdRig({ restored: first.hold.snapshot() });
  second.hold.observe(live);
  second.hold.observe(remove("a"));
  assert.deepEqual(second.keys(), ["a", "b"]);
});

test("a router that is restarted again and again lets no more go than one budget's worth", async () => {
  let rig = holdRig();
  rig.hold.observe(complete(things(40)));
  for (let restart = 0; restart < 4; restart++) {
    for (const key of [...rig.keys()].slice(0, 10)) rig.hold.observe(remove(key));
    const restored = parseHoldState(JSON.parse(JSON.stringify(rig.hold.snapshot())), String);
    rig = holdRig({ restored });
    await rig.clock.advance(1_000);
    rig.hold.observe(complete(rig.keys()));
  }
  assert.equal(rig.keys().length, 20, "20 of 40 are the budget of a minute");
  await rig.clock.advance(60_000);
  rig.hold.observe(remove(rig.keys().at(-1) ?? ""));
  assert.equal(rig.keys().length, 19, "and of each minute");
});

test("what was confirmed missing before a restart counts after it", async () => {
  const first = holdRig({}, (hold) => hold.observe(complete(things(27))));
  first.hold.observe(complete(things(30)));
  first.hold.observe(complete(things(27)));
  await first.clock.advance(2_000);
  assert.equal(first.keys().length, 27);
  const second = holdRig({ restored: parseHoldState(first.hold.snapshot(), String) });
  second.hold.observe(complete(things(25)));
  assert.equal(second.hold.held()[0]?.reason, "large");
});

test("a state that an older program saved is read; it says nothing of what was removed lately", () => {
  const { hold } = holdRig();
  hold.observe(complete(["a", "b"]));
  const { removals, ...rest } = hold.snapshot();
  assert.deepEqual(removals, { missing: [], deletes: [] });
  assert.deepEqual(parseHoldState({ ...rest, version: 1 }, String), hold.snapshot());
});

test("a saved state that is broken is refused with the place that is wrong", () => {
  const { hold } = holdRig();
  hold.observe(complete(["a", "b"]));
  hold.observe(complete(["a"]));
  const good = JSON.parse(JSON.stringify(hold.snapshot())) as Record<string, unknown>;
  assert.deepEqual(parseHoldState(good, String), good);
  const broken: readonly (readonly [object, RegExp])[] = [
    [{ ...good, version: 3 }, /version 3/],
    [{ ...good, removals: undefined }, /removals is no object/],
    [{ ...good, removals: { missing: [{ atWallMs: 1, count: "x" }], deletes: [] } }, /removals\.missing\[0\]\.count is no number/],
    [{ ...good, accepted: {} }, /accepted is no list/],
    [{ ...good, accepted: [{ key: 1 }] }, /accepted\[0\]\.key is no text/],
    [{ ...good, sequence: -1 }, /sequence is no number/],
    [{ ...good, changes: [{ cause: "whim" }] }, /changes\[0\]\.cause is unknown/],
    [{ ...good, approvals: [null] }, /approvals\[0\] is no object/],
  ];
  for (const [state, message] of broken) assert.throws(() => parseHoldState(state, String), { code: "HOLD_STATE", message });
  assert.throws(() => parseHoldState(null, String), { code: "HOLD_STATE" });
});
