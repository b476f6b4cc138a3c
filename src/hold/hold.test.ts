import assert from "node:assert/strict";
import { test } from "node:test";
import { createHold } from "./index.ts";
import { absent, complete, failed, holdRig, live, remove, things, upsert } from "./testing/evidence-kit.ts";

const decision = { principal: "ada@example.org", ttlMs: 60_000 };

test("additions and updates are believed at once, from lists, watches and a source that just failed", () => {
  const { hold, keys, changes } = holdRig();
  hold.observe(complete(["a"]));
  hold.observe(upsert("b"));
  hold.observe(failed);
  hold.observe(upsert("c"));
  hold.observe(upsert("b", "2"));
  assert.deepEqual(keys(), ["a", "b", "c"]);
  assert.deepEqual(
    changes.map(({ upserted }) => upserted),
    [["a"], ["b"], ["c"], ["b"]],
  );
});

test("the same things again change nothing", () => {
  const { hold, changes } = holdRig();
  hold.observe(complete(["a"]));
  hold.observe(complete(["a"]));
  hold.observe(upsert("a"));
  assert.equal(changes.length, 1);
});

test("errors, however many, remove nothing", async () => {
  const { hold, keys, clock } = holdRig();
  hold.observe(complete(things(10)));
  for (let count = 0; count < 50; count++) {
    hold.observe(failed);
    await clock.advance(60_000);
  }
  assert.equal(keys().length, 10);
  assert.equal(hold.status().live, false);
});

test("an explicit delete on a live source is done at once", () => {
  const { hold, keys, changes } = holdRig();
  hold.observe(complete(["a", "b"]));
  hold.observe(remove("a"));
  assert.deepEqual(keys(), ["b"]);
  assert.deepEqual(changes.at(-1)?.removed, ["a"]);
});

test("deletes beyond the rate budget are held as one change, and go when complete answers agree for long", async () => {
  const { hold, keys, clock } = holdRig({ policy: { deleteBudget: { count: 3, share: 0, windowMs: 60_000 } } });
  hold.observe(complete(things(20)));
  for (const key of things(15)) hold.observe(remove(key));
  assert.equal(keys().length, 17);
  const [change] = hold.held();
  assert.deepEqual([hold.held().length, change?.cause, change?.reason, change?.keys.length], [1, "deletes", "large", 12]);
  for (let count = 0; count < 4; count++) {
    await clock.advance(70_000);
    hold.observe(complete(things(5, 15)));
  }
  assert.equal(keys().length, 17, "five observations, but not yet 300 s");
  await clock.advance(21_000);
  hold.observe(complete(things(5, 15)));
  assert.deepEqual(keys(), things(5, 15));
  assert.deepEqual(hold.held(), []);
});

test("a storm of deletes is written down when it begins and whenever it has doubled", () => {
  const { hold, audit } = holdRig({ policy: { deleteBudget: { count: 0, share: 0, windowMs: 60_000 } } });
  hold.observe(complete(things(2_000)));
  for (const key of things(1_000)) hold.observe(remove(key));
  assert.deepEqual(
    audit.map(({ action, count }) => `${action} ${count}`),
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((power) => `held ${2 ** power}`),
  );
  assert.ok(audit.every(({ keys }) => keys.length <= 20));
});

test("deletes spread over time stay within the budget of each window", async () => {
  const { hold, keys, clock } = holdRig({ policy: { deleteBudget: { count: 2, share: 0, windowMs: 1_000 } } });
  hold.observe(complete(things(20)));
  for (const key of things(10)) {
    hold.observe(remove(key));
    await clock.advance(501);
  }
  assert.equal(keys().length, 10);
});

test("a delete told by a source that is not live is held", () => {
  const { hold, keys } = holdRig();
  hold.observe(complete(["a", "b"]));
  hold.observe(failed);
  hold.observe(remove("a"));
  assert.deepEqual(keys(), ["a", "b"]);
  assert.equal(hold.held()[0]?.cause, "untrusted");
});

test("the only one, deleted explicitly and by itself, goes when a complete answer agrees", async () => {
  const { hold, keys, clock } = holdRig();
  hold.observe(complete(["a"]));
  hold.observe(remove("a"));
  assert.deepEqual(keys(), ["a"]);
  assert.equal(hold.held()[0]?.cause, "only");
  await clock.advance(2_000);
  hold.observe(complete([]));
  assert.deepEqual(keys(), []);
  assert.deepEqual(hold.held(), []);
});

test("the only one stays when the answer after its delete still has it", async () => {
  const { hold, keys, clock } = holdRig();
  hold.observe(complete(["a"]));
  hold.observe(remove("a"));
  await clock.advance(2_000);
  hold.observe(complete(["a"]));
  assert.deepEqual(keys(), ["a"]);
  assert.deepEqual(hold.held(), []);
});

test("the last one is not removed, by delete after others, by complete answers or by absence, until approved", async () => {
  for (const evidence of [remove("a"), complete([]), absent]) {
    const { hold, keys, clock, audit } = holdRig();
    hold.observe(complete(["a", "b"]));
    hold.observe(remove("b"));
    hold.observe(evidence);
    for (let count = 0; count < 30; count++) {
      await clock.advance(600_000);
      hold.observe(complete([]));
    }
    assert.deepEqual(keys(), ["a"]);
    const [change] = hold.held();
    assert.equal(change?.reason, "zero");
    assert.match(change?.releasedBy ?? "", /^an approval, because nothing would be left/);
    hold.approve(change?.id ?? "", decision);
    assert.deepEqual(keys(), []);
    assert.deepEqual(audit.at(-1), {
      atWallMs: clock.wallMs(),
      hold: "things",
      action: "approved",
      count: 1,
      keys: ["a"],
      why: "",
      id: change?.id,
      principal: "ada@example.org",
    });
  }
});

test("an explicit delete of the last one that is not held is held: what is held may be gone too", async () => {
  const { hold, keys, clock } = holdRig();
  hold.observe(complete(["a", "b", "c"]));
  hold.observe(complete(["a"]));
  hold.observe(remove("a"));
  assert.deepEqual(keys(), ["a", "b", "c"]);
  for (let count = 0; count < 30; count++) {
    await clock.advance(600_000);
    hold.observe(complete([]));
  }
  assert.deepEqual(keys(), ["a", "b", "c"]);
  assert.ok(hold.held().every(({ reason }) => reason === "zero"));
});

test("when all are held, explicit deletes do not take them away one after the other", () => {
  const { hold, keys } = holdRig();
  hold.observe(complete(["a", "b", "c"]));
  hold.observe(complete([]));
  for (const key of ["a", "b"]) hold.observe(remove(key));
  assert.deepEqual(keys(), ["a", "b", "c"]);
});

test("an explicit delete of one that is held is believed as long as another one is not held", () => {
  const { hold, keys } = holdRig();
  hold.observe(complete(["a", "b", "c"]));
  hold.observe(complete(["a"]));
  hold.observe(remove("b"));
  assert.deepEqual(keys(), ["a", "c"]);
});

test("a kind that never had objects may be absent or empty", () => {
  const { hold } = holdRig();
  hold.observe(absent);
  assert.deepEqual([hold.status().synced, hold.held().length], [true, 0]);
});

test("a few things missing from a complete answer go when a second one agrees after the short hold", async () => {
  const { hold, keys, clock } = holdRig({}, (h) => h.observe(complete(things(9))));
  hold.observe(complete(things(10)));
  hold.observe(complete(things(9)));
  hold.observe(complete(things(9)));
  assert.equal(keys().length, 10, "two answers at one moment are one answer");
  await clock.advance(2_000);
  assert.deepEqual(keys(), things(9));
});

test("the hold asks for confirmation itself, and only while there is something to confirm and somebody to ask", async () => {
  const { hold, clock, confirms } = holdRig();
  hold.observe(complete(things(10)));
  await clock.advance(100_000);
  assert.equal(confirms(), 0);
  hold.observe(complete(things(9)));
  await clock.advance(2_000);
  assert.equal(confirms(), 1);
  hold.observe(failed);
  await clock.advance(100_000);
  assert.equal(confirms(), 1);
  hold.observe(live);
  await clock.advance(1_000);
  assert.equal(confirms(), 2);
  hold.close();
  assert.equal(clock.pending, 0);
});

test("many missing things are held for long, and several small losses count as the large one they are", async () => {
  const { hold, keys, clock } = holdRig();
  hold.observe(complete(things(20)));
  for (let left = 18; left >= 8; left -= 2) {
    hold.observe(complete(things(left)));
    await clock.advance(3_000);
    hold.observe(complete(things(left)));
  }
  assert.ok(keys().length >= 17, `${keys().length} of 20 left after losing two at a time`);
  assert.ok(hold.held().every(({ reason }) => reason === "large"));
  for (let count = 0; count < 6; count++) {
    await clock.advance(60_000);
    hold.observe(complete(things(8)));
  }
  assert.deepEqual(keys(), things(8).sort());
});

test("more than half is never few", async () => {
  const { hold, keys, clock } = holdRig();
  hold.observe(complete(["a", "b", "c"]));
  hold.observe(complete(["a"]));
  await clock.advance(10_000);
  hold.observe(complete(["a"]));
  assert.deepEqual(keys(), ["a", "b", "c"]);
});

test("time alone confirms nothing: it takes the number of agreeing answers too", async () => {
  const { hold, keys, clock } = holdRig();
  hold.observe(complete(things(20)));
  for (let count = 0; count < 4; count++) {
    hold.observe(complete(things(5)));
    await clock.advance(400_000);
  }
  assert.equal(keys().length, 20, "four answers");
  hold.observe(complete(things(5)));
  assert.equal(keys().length, 5);
});

test("time during which the source is not live does not count", async () => {
  const { hold, keys, clock } = holdRig();
  hold.observe(complete(things(10)));
  hold.observe(complete(things(9)));
  hold.observe(failed);
  await clock.advance(3_600_000);
  hold.observe(complete(things(9)));
  assert.equal(keys().length, 10);
  await clock.advance(2_000);
  hold.observe(complete(things(9)));
  assert.equal(keys().length, 9);
});

test("a thing that is seen again is no longer held, and its proof starts anew", async () => {
  const { hold, keys, clock, audit } = holdRig();
  hold.observe(complete(things(10)));
  hold.observe(complete(things(9)));
  await clock.advance(1_900);
  hold.observe(complete(things(10)));
  assert.deepEqual(hold.held(), []);
  assert.equal(audit.at(-1)?.action, "released");
  hold.observe(complete(things(9)));
  await clock.advance(1_900);
  hold.observe(complete(things(9)));
  assert.equal(keys().length, 10);
});

test("an explicit delete is proof for what is already held", () => {
  const { hold, keys } = holdRig();
  hold.observe(complete(things(10)));
  hold.observe(complete(things(9)));
  hold.observe(remove("t9"));
  assert.deepEqual([keys().length, hold.held().length], [9, 0]);
});

test("what a source that went back in time lacks is held longest", async () => {
  const { hold, keys, clock } = holdRig();
  hold.observe(complete(things(10)));
  hold.observe(complete(things(9), { rewound: true }));
  assert.equal(hold.held()[0]?.reason, "rewound");
  for (let count = 0; count < 20; count++) {
    await clock.advance(60_000);
    hold.observe(complete(things(9)));
  }
  assert.equal(keys().length, 10);
  for (let count = 0; count < 45; count++) {
    await clock.advance(60_000);
    hold.observe(complete(things(9)));
  }
  assert.equal(keys().length, 9);
});

test("a loss that a source confirms only after it went back in time is held longest too", async () => {
  const { hold, keys, clock } = holdRig();
  hold.observe(complete(things(10)));
  hold.observe(complete(things(9)));
  await clock.advance(3_000);
  hold.observe(complete(things(9), { rewound: true }));
  assert.deepEqual([keys().length, hold.held()[0]?.reason], [10, "rewound"]);
});

test("a poisoned thing keeps its last good version and is not missing", async () => {
  const { hold, keys, clock } = holdRig();
  hold.observe(complete(things(10)));
  for (let count = 0; count < 5; count++) {
    hold.observe(complete(things(9), { poisoned: ["t9"] }));
    await clock.advance(10_000);
  }
  assert.equal(keys().length, 10);
  assert.deepEqual(
    hold.status().poisoned.map(({ key }) => key),
    ["t9"],
  );
  hold.observe(upsert("t9", "2"));
  assert.deepEqual(hold.status().poisoned, []);
});

test("a complete answer with a thing nobody can name proves no removal", async () => {
  const { hold, keys, clock } = holdRig();
  hold.observe(complete(things(10)));
  for (let count = 0; count < 5; count++) {
    hold.observe(complete(things(9), { poisoned: [undefined] }));
    await clock.advance(10_000);
  }
  assert.deepEqual([keys().length, hold.held().length], [10, 0]);
});

test("what is unproven is marked withdrawn where the policy says so, and fresh again when seen", () => {
  const { hold, keys, withdrawn, changes } = holdRig({ policy: { unproven: "withdraw" } });
  hold.observe(complete(["a", "b", "c"]));
  hold.observe(complete(["a"]));
  assert.deepEqual(
    [keys(), withdrawn()],
    [
      ["a", "b", "c"],
      ["b", "c"],
    ],
  );
  assert.deepEqual(changes.at(-1)?.withdrawn, ["b", "c"]);
  hold.observe(upsert("b"));
  assert.deepEqual([withdrawn(), hold.status().withdrawn], [["c"], 1]);
  hold.observe(failed);
  hold.observe(remove("a"));
  assert.deepEqual(withdrawn(), ["a", "c"]);
});

test("a withdrawn thing is forgotten when another owner has its address, and not when the same owner has it", () => {
  const owners: Readonly<Record<string, string>> = { "one/10.0.0.1": "pod-a", "two/10.0.0.1": "pod-a", "three/10.0.0.1": "pod-b" };
  const claims = (value: string): { address: string; owner: string } => ({
    address: value.split("/")[1] ?? "",
    owner: owners[value] ?? value,
  });
  const { hold, keys, audit } = holdRig({ policy: { unproven: "withdraw" }, claims });
  hold.observe(complete(["one/10.0.0.1", "x/10.0.0.9"]));
  hold.observe(failed);
  hold.observe(remove("one/10.0.0.1"));
  hold.observe(upsert("two/10.0.0.1"));
  assert.equal(keys().length, 3);
  hold.observe(upsert("three/10.0.0.1"));
  assert.deepEqual(keys(), ["three/10.0.0.1", "two/10.0.0.1", "x/10.0.0.9"]);
  assert.equal(audit.at(-1)?.action, "forgotten");
});

test("a thing withdrawn while its address is already another's is forgotten at once", () => {
  const claims = (value: string): { address: string; owner: string } => ({ address: "10.0.0.1", owner: value });
  const { hold, keys } = holdRig({ policy: { unproven: "withdraw" }, claims });
  hold.observe(complete(["a", "b"]));
  hold.observe(complete(["a"]));
  assert.deepEqual(keys(), ["a"]);
});

test("a policy that would believe a single answer is refused", () => {
  const { clock } = holdRig();
  for (const policy of [
    { small: { confirmations: 1, holdMs: 0 } },
    { large: { confirmations: 2, holdMs: -1 } },
    { deleteBudget: { count: 1, share: 2, windowMs: 1 } },
  ]) {
    assert.throws(() => createHold({ name: "x", policy }, { clock }), { code: "HOLD_POLICY" });
  }
});
