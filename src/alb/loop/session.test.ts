import assert from "node:assert/strict";
import { test } from "node:test";
import { AppError } from "../../kernel/index.ts";
import { ManualClock } from "../../kernel/testing/manual-clock.ts";
import { silentLog } from "../../telemetry/index.ts";
import { READ_BACK_TIMES } from "../apply/read-back.ts";
import { Removals } from "../removal/removals.ts";
import { Session } from "./session.ts";

/** A place for state that is told how often it was read and written. */
function kept(first: ReadonlyMap<string, unknown> = new Map()) {
  const seen = { loads: 0, saves: 0, conflicts: 0, parts: first };
  const store = {
    load: async () => {
      seen.loads++;
      return seen.parts;
    },
    save: async (parts: ReadonlyMap<string, unknown>) => {
      if (seen.conflicts-- > 0) throw new AppError("ALB_STATE_CONFLICT", "somebody else wrote");
      seen.saves++;
      seen.parts = parts;
    },
  };
  return { seen, store };
}

async function begun(first?: ReadonlyMap<string, unknown>) {
  const clock = new ManualClock();
  const { seen, store } = kept(first);
  const state = { claims: { revision: "1", accepted: ["a"] } };
  let restored: unknown;
  const session = await Session.begin(7, {
    store,
    clock,
    log: silentLog,
    otherParts: () => new Map([["claims", state.claims]]),
    createRemovals(saved, save) {
      restored = saved;
      const never = (): never => {
        throw new Error("nothing is taken away here");
      };
      return new Removals(
        { brake: "on" },
        {
          aws: {} as never,
          ownership: { clusterId: "lab", controllerId: "holdfast" },
          clock,
          readBack: READ_BACK_TIMES,
          guard: () => 7,
          owners: { find: never },
          traffic: never,
          certificateNow: never,
          save,
          confirm() {},
        },
      );
    },
  });
  return { session, seen, clock, state, restored };
}

test("what changed is saved, at most once a minute; what only a revision says is not", async () => {
  const { session, seen, clock, state } = await begun();
  await session.saveNowAndThen();
  assert.equal(seen.saves, 1);
  session.owners = new Map([["hf-1", ["Ingress default/shop"]]]);
  await session.saveNowAndThen();
  assert.equal(seen.saves, 1);
  await clock.advance(60_000);
  await session.saveNowAndThen();
  assert.equal(seen.saves, 2);
  state.claims = { revision: "2", accepted: ["a"] };
  await clock.advance(60_000);
  await session.saveNowAndThen();
  assert.equal(seen.saves, 2);
  state.claims = { revision: "3", accepted: ["a", "b"] };
  await session.saveNowAndThen();
  assert.equal(seen.saves, 3);
  assert.deepEqual(seen.parts.get("claims"), state.claims);
});

test("a leader goes on with what the one before it saved; what is not as it was written counts as nothing", async () => {
  const { session, restored } = await begun(
    new Map<string, unknown>([
      ["removals", { deletions: 3 }],
      ["owners", { "hf-1": ["Ingress default/shop", 4], "hf-2": "nonsense" }],
    ]),
  );
  assert.deepEqual(restored, { deletions: 3 });
  assert.deepEqual(
    [...session.owners],
    [
      ["hf-1", ["Ingress default/shop"]],
      ["hf-2", []],
    ],
  );
});

test("state that somebody else wrote meanwhile is read again and written over once; then the save fails", async () => {
  const { session, seen } = await begun();
  seen.conflicts = 1;
  await session.save();
  assert.deepEqual([seen.loads, seen.saves], [2, 1]);
  seen.conflicts = 2;
  await assert.rejects(session.save(), { code: "ALB_STATE_CONFLICT" });
});
