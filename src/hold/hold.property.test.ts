import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { type Evidence, HOLD_POLICY_DEFAULTS, type HoldPolicy, parseHoldState } from "./index.ts";
import { absent, complete, failed, holdRig, live, remove, upsert } from "./testing/evidence-kit.ts";

const KEYS = ["a", "b", "c", "d", "e", "f", "g", "h"];
const key = fc.constantFrom(...KEYS);

/** Anything a source may say, or time that passes. */
const step = fc.oneof(
  { weight: 4, arbitrary: fc.subarray(KEYS).map((keys): Evidence<string> => complete(keys)) },
  { weight: 1, arbitrary: fc.subarray(KEYS).map((keys): Evidence<string> => complete(keys, { rewound: true })) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.subarray(KEYS), fc.option(key, { nil: undefined }))
      .map(([keys, bad]): Evidence<string> => complete(keys, { poisoned: [bad] })),
  },
  { weight: 3, arbitrary: key.map((name): Evidence<string> => upsert(name)) },
  { weight: 2, arbitrary: key.map((name): Evidence<string> => remove(name)) },
  { weight: 1, arbitrary: key.map((name): Evidence<string> => ({ kind: "poisoned", key: name, problem: "broken" })) },
  { weight: 1, arbitrary: fc.constantFrom(failed, live) },
  { weight: 2, arbitrary: fc.constantFrom(absent, complete([]), complete(["a"])) },
  { weight: 4, arbitrary: fc.constantFrom(0, 500, 1_999, 2_000, 60_000, 400_000).map((waitMs) => ({ waitMs })) },
);

/** What is known of a key by looking at the evidence alone: how many complete answers in a row lacked it, over how much live time. */
interface Absence {
  answers: number;
  liveMs: number;
}

const RUNS = { numRuns: 400 };

/** Short enough that short sequences reach every proof. */
const SHORT: Partial<HoldPolicy> = { large: { confirmations: 3, holdMs: 4_000 }, rewound: { confirmations: 4, holdMs: 60_000 } };

test("nothing is removed but by an explicit delete of a live source or by agreeing complete answers, and never all", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), fc.boolean(), async (steps, withdraw) => {
      const { hold, clock } = holdRig({ policy: { ...SHORT, unproven: withdraw ? "withdraw" : "keep" } });
      const absences = new Map<string, Absence>(KEYS.map((name) => [name, { answers: 0, liveMs: 0 }]));
      let isLive = false;
      let synced = false;
      for (const evidence of steps) {
        if ("waitMs" in evidence) {
          await clock.advance(evidence.waitMs);
          if (isLive) for (const absence of absences.values()) if (absence.answers > 0) absence.liveMs += evidence.waitMs;
          continue;
        }
        const before = new Set(hold.accepted.keys());
        const wasTrusted: boolean = isLive && synced;
        note(evidence, absences);
        if (evidence.kind === "complete" || evidence.kind === "absent") synced = true;
        if (evidence.kind !== "upsert" && evidence.kind !== "delete" && evidence.kind !== "poisoned") isLive = evidence.kind !== "failed";
        hold.observe(evidence);
        for (const name of before) {
          if (hold.accepted.has(name)) continue;
          const { answers, liveMs } = absences.get(name) ?? { answers: 0, liveMs: 0 };
          const explicit: boolean = evidence.kind === "delete" && evidence.key === name && wasTrusted;
          const agreed = answers >= HOLD_POLICY_DEFAULTS.small.confirmations && liveMs >= HOLD_POLICY_DEFAULTS.small.holdMs;
          assert.ok(explicit || agreed, `${name} went after ${answers} answers over ${liveMs} ms, by ${JSON.stringify(evidence)}`);
        }
        if (before.size > 0) assert.ok(hold.accepted.size > 0, "all went");
        if (evidence.kind === "failed" || evidence.kind === "live" || evidence.kind === "poisoned")
          assert.deepEqual(new Set(hold.accepted.keys()), before);
      }
      hold.close();
    }),
    RUNS,
  );
});

test("what is named is accepted at once, fresh, whatever was said before", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const { hold, clock } = holdRig({ policy: { ...SHORT, unproven: "withdraw" } });
      for (const evidence of steps) {
        if ("waitMs" in evidence) {
          await clock.advance(evidence.waitMs);
          continue;
        }
        hold.observe(evidence);
        const named =
          evidence.kind === "complete" ? evidence.items.map((item) => item.key) : evidence.kind === "upsert" ? [evidence.key] : [];
        for (const name of named) assert.equal(hold.accepted.get(name)?.withdrawn, false);
        const held = hold.held().flatMap(({ keys }) => keys);
        assert.equal(new Set(held).size, held.length, "a key is held once");
        for (const name of held) assert.ok(hold.accepted.has(name), "what is held is still there");
        assert.deepEqual(
          [hold.status().held, hold.status().withdrawn],
          [held.length, [...hold.accepted.values()].filter(({ withdrawn }) => withdrawn).length],
        );
      }
      hold.close();
    }),
    RUNS,
  );
});

test("once a live source keeps saying the same, the accepted set is that; also over a restart in between", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 40 }),
      fc.subarray(KEYS, { minLength: 1 }),
      fc.integer({ min: 0, max: 12 }),
      async (steps, truth, restartAt) => {
        let rig = holdRig();
        for (const evidence of steps) {
          if ("waitMs" in evidence) await rig.clock.advance(evidence.waitMs);
          else rig.hold.observe(evidence);
        }
        for (let count = 0; count < 13; count++) {
          if (count === restartAt) rig = holdRig({ restored: parseHoldState(JSON.parse(JSON.stringify(rig.hold.snapshot())), String) });
          rig.hold.observe(complete(truth));
          await rig.clock.advance(400_000);
        }
        rig.hold.observe(complete(truth));
        assert.deepEqual(rig.keys(), [...truth].sort());
        assert.deepEqual(rig.hold.held(), []);
        rig.hold.close();
      },
    ),
    RUNS,
  );
});

test("what changed is told exactly: the changes played back give the accepted set", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const { hold, clock, changes, withdrawn } = holdRig({ policy: { ...SHORT, unproven: "withdraw" } });
      for (const evidence of steps) {
        if ("waitMs" in evidence) await clock.advance(evidence.waitMs);
        else hold.observe(evidence);
      }
      const played = new Map<string, boolean>();
      for (const change of changes) {
        for (const name of change.upserted) played.set(name, false);
        for (const name of change.withdrawn) played.set(name, true);
        for (const name of change.removed) assert.ok(played.delete(name), "only what was there is removed");
      }
      assert.deepEqual([...played.keys()].sort(), [...hold.accepted.keys()].sort());
      assert.deepEqual(
        [...played]
          .filter(([, isWithdrawn]) => isWithdrawn)
          .map(([name]) => name)
          .sort(),
        withdrawn(),
      );
      hold.close();
    }),
    RUNS,
  );
});

function note(evidence: Evidence<string>, absences: Map<string, Absence>): void {
  const forget = (name: string): void => void absences.set(name, { answers: 0, liveMs: 0 });
  if (evidence.kind === "upsert") forget(evidence.key);
  if (evidence.kind === "poisoned" && evidence.key !== undefined) forget(evidence.key);
  if (evidence.kind === "delete") {
    // An explicit delete that was held counts as the first observation.
    const absence = absences.get(evidence.key);
    if (absence !== undefined && absence.answers === 0) absence.answers = 1;
  }
  if (evidence.kind !== "complete" && evidence.kind !== "absent") return;
  const named = new Set(
    evidence.kind === "absent" ? [] : [...evidence.items.map((item) => item.key), ...evidence.poisoned.flatMap((item) => item.key ?? [])],
  );
  for (const name of named) forget(name);
  if (evidence.kind === "complete" && evidence.poisoned.some((item) => item.key === undefined)) return;
  for (const [name, absence] of absences) if (!named.has(name)) absence.answers++;
}
