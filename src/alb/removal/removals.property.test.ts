import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import type { Clock } from "../../kernel/index.ts";
import { ManualClock } from "../../kernel/testing/manual-clock.ts";
import { DELETION_BUDGETS, DeletionBudget } from "./deletion-budget.ts";
import { REMOVAL_POLICIES } from "./removal-kind.ts";
import { judgeRig, keyOf, roundOf } from "./testing/round-kit.ts";

const MINUTE_MS = 60_000;
/** A round proves no more than this time before it. */
const COUNTED_MS = 2 * MINUTE_MS;
const { small } = REMOVAL_POLICIES["alb-load-balancers"];
const HOLD_MS = small?.holdMs ?? 0;
const CONFIRMATIONS = small?.confirmations ?? 0;
const NAMES = ["a", "b", "c", "d"];

/** What one round is made of. `names`: those that it takes to be needed by nobody, rightly or not. */
interface Turn {
  readonly afterMs: number;
  readonly unwanted: readonly string[];
  readonly doubt: boolean;
  readonly unread: readonly string[];
  /** Nothing was read since the round before. */
  readonly isOld: boolean;
  readonly restart: "none" | "saved" | "lost";
}

const turn: fc.Arbitrary<Turn> = fc.record({
  afterMs: fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: 1_000, max: COUNTED_MS }) },
    { weight: 1, arbitrary: fc.integer({ min: COUNTED_MS, max: 24 * 60 * MINUTE_MS }) },
  ),
  unwanted: fc.oneof(
    { weight: 5, arbitrary: fc.constant(["a"]) },
    { weight: 2, arbitrary: fc.subarray(NAMES) },
    { weight: 1, arbitrary: fc.constant([]) },
  ),
  doubt: fc.oneof({ weight: 9, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
  unread: fc.oneof({ weight: 9, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: fc.subarray(NAMES) }),
  isOld: fc.boolean(),
  restart: fc.oneof(
    { weight: 20, arbitrary: fc.constant("none" as const) },
    { weight: 1, arbitrary: fc.constantFrom("saved" as const, "lost" as const) },
  ),
});

/** The same turn many times, so that hours go by in which nothing else happens. */
const turns = fc.array(fc.tuple(turn, fc.integer({ min: 1, max: 150 })), { minLength: 1, maxLength: 12 });

/** Only goes on; what it should call later is never called. */
class StepClock implements Clock {
  #nowMs = 0;

  pass(ms: number): void {
    this.#nowMs += ms;
  }

  monoMs(): number {
    return this.#nowMs;
  }

  wallMs(): number {
    return 1_700_000_000_000 + this.#nowMs;
  }

  timer(): { cancel(): void } {
    return { cancel() {} };
  }
}

/** For how long, and in how many rounds with something new, each was needed by nobody without a word against it; simpler than what is tested. */
class Patience {
  readonly #unwanted = new Map<string, { liveMs: number; answers: number }>();
  #isLive = false;

  pass(ms: number): void {
    if (this.#isLive) for (const one of this.#unwanted.values()) one.liveMs += Math.min(ms, COUNTED_MS);
  }

  see({ unwanted, doubt, unread }: Turn, isOld: boolean): void {
    this.#isLive = !doubt;
    if (doubt) return;
    for (const name of NAMES) {
      const known = this.#unwanted.get(name);
      // What was let go before is not taken back only because it cannot be read; it does not go then, either.
      if (unread.includes(name) && unwanted.includes(name) && this.isEnough(name)) continue;
      const isUnwanted = unwanted.includes(name) && !unread.includes(name);
      if (!isUnwanted) this.#unwanted.delete(name);
      else if (known === undefined) this.#unwanted.set(name, { liveMs: 0, answers: isOld ? 0 : 1 });
      else if (!isOld) known.answers++;
    }
  }

  isEnough(name: string): boolean {
    const known = this.#unwanted.get(name);
    return known !== undefined && known.liveMs >= HOLD_MS && known.answers >= CONFIRMATIONS;
  }

  forget(): void {
    this.#unwanted.clear();
    this.#isLive = false;
  }

  stop(): void {
    this.#isLive = false;
  }
}

test("no order of lies, doubts, outages and restarts lets go of anything that was not unneeded in all rounds for the whole time", () => {
  let released = 0;
  fc.assert(
    fc.property(turns, (sequence) => {
      const clock = new StepClock();
      const patience = new Patience();
      let { removals } = judgeRig({}, clock);
      let asOfMs = clock.wallMs();
      let provedAsOfMs = 0;
      for (const [one, times] of sequence) {
        for (let at = 0; at < times; at++) {
          clock.pass(one.afterMs);
          patience.pass(one.afterMs);
          if (at === 0 && one.restart !== "none") {
            const restored: unknown = one.restart === "lost" ? undefined : JSON.parse(JSON.stringify(removals.snapshot()));
            removals.close();
            ({ removals } = judgeRig(restored === undefined ? {} : { restored }, clock));
            if (one.restart === "lost") {
              patience.forget();
              provedAsOfMs = 0;
            } else patience.stop();
          }
          if (!one.isOld) asOfMs = clock.wallMs();
          patience.see(one, asOfMs <= provedAsOfMs);
          if (!one.doubt) provedAsOfMs = asOfMs;
          const there = NAMES.filter((name) => !one.unread.includes(name));
          const judged = removals.judge(
            roundOf({ there, unwanted: one.unwanted, unread: one.unread, asOfMs, ...(one.doubt ? { doubt: "AWS is down" } : {}) }),
          );
          if (judged.stopped !== undefined) continue;
          for (const { name } of judged.released) {
            released++;
            assert.ok(one.unwanted.includes(name) && there.includes(name), `${name} is wanted`);
            assert.ok(patience.isEnough(name), `${keyOf(name)} was let go too early`);
          }
          assert.ok(judged.released.length < NAMES.length, "the last ones");
        }
      }
      removals.close();
    }),
    { numRuns: 100 },
  );
  assert.ok(released > 0, "nothing was ever let go: this test would not see it");
});

test("L6: over any restarts no more load balancers go than the budgets say", async () => {
  const step = fc.record({ afterMs: fc.integer({ min: 0, max: 60 * MINUTE_MS }), restarts: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 80 }), fc.integer({ min: 1, max: 60 }), async (steps, count) => {
      const clock = new ManualClock();
      let budget = new DeletionBudget(DELETION_BUDGETS, [], clock);
      const deletedMs: number[] = [];
      let left = count;
      for (const { afterMs, restarts } of steps) {
        await clock.advance(afterMs);
        if (restarts) budget = new DeletionBudget(DELETION_BUDGETS, JSON.parse(JSON.stringify(budget.saved())) as never, clock);
        if (left === 0 || budget.exceededBy(left) !== undefined) continue;
        budget.spend();
        left--;
        deletedMs.push(clock.wallMs());
      }
      for (const [at, endMs] of deletedMs.entries()) {
        const within = (ms: number): number => deletedMs.slice(0, at + 1).filter((one) => endMs - one < ms).length;
        assert.ok(within(10 * MINUTE_MS) <= 1);
        assert.ok(within(24 * 60 * MINUTE_MS) <= Math.max(1, Math.floor(count / 10)));
      }
    }),
  );
});
