import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { HIT_BYTES, HIT_CLIENTS, HitMemory, HitWindows } from "./hit-windows.ts";

function windows(hits: number, windowMs: number, isShared = false): { readonly limits: HitWindows; forgotten: number } {
  const made = { forgotten: 0, limits: new HitWindows({ hits, windowMs }, isShared, new HitMemory(), () => made.forgotten++) };
  return made;
}

/** What a sliding window is, by its definition. */
class Model {
  readonly #hits = new Map<string, number[]>();

  hit(client: string, nowMs: number, limit: { readonly hits: number; readonly windowMs: number }): number {
    const live = (this.#hits.get(client) ?? []).filter((atMs) => atMs > nowMs - limit.windowMs);
    this.#hits.set(client, live);
    if (live.length >= limit.hits) return (live.at(-limit.hits) as number) + limit.windowMs - nowMs;
    live.push(nowMs);
    return 0;
  }
}

test("up to 64 hits every answer is that of a sliding window, to the millisecond", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 64 }),
      fc.integer({ min: 1, max: 1_000 }),
      fc.array(fc.tuple(fc.constantFrom("a", "b", "c"), fc.integer({ min: 0, max: 300 })), { minLength: 50, maxLength: 300 }),
      (hits, windowMs, steps) => {
        const { limits } = windows(hits, windowMs);
        const model = new Model();
        let nowMs = 1_000_000;
        for (const [client, laterMs] of steps) {
          nowMs += laterMs;
          assert.equal(limits.hit(client, nowMs), model.hit(client, nowMs, { hits, windowMs }));
        }
      },
    ),
  );
});

test("over 64 hits none is forgotten before its time, and none kept for longer than a 62nd of the window", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 65, max: 500 }),
      fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 1_000, maxLength: 1_000 }),
      (hits, steps) => {
        const windowMs = 1_000;
        const { limits } = windows(hits, windowMs);
        const allowed: number[] = [];
        let nowMs = 0;
        for (const laterMs of steps) {
          nowMs += laterMs;
          const waitMs = limits.hit("a", nowMs);
          const within = (ms: number): number => allowed.filter((atMs) => atMs > nowMs - ms).length;
          if (waitMs === 0) {
            assert.ok(within(windowMs) < hits);
            allowed.push(nowMs);
          } else {
            assert.ok(within(windowMs + windowMs / 62) >= hits, "refused for hits that are over");
            assert.ok(waitMs > 0 && waitMs <= windowMs + windowMs / 62, String(waitMs));
          }
        }
      },
    ),
    { numRuns: 50 },
  );
});

test("a flood of made-up clients takes no hits from those who are near their limit, and no more memory than there is for them", () => {
  const made = windows(10, 60_000);
  const near = Array.from({ length: 100 }, (_, at) => `192.0.2.${at}`);
  for (const client of near) for (let hit = 0; hit < 9; hit++) assert.equal(made.limits.hit(client, 1), 0);
  for (let at = 0; at < HIT_CLIENTS * 2; at++) made.limits.hit(`made-up ${at}`, 2);
  assert.equal(made.limits.clients, HIT_CLIENTS);
  assert.ok(made.forgotten > HIT_CLIENTS, String(made.forgotten));
  for (const client of near) {
    assert.equal(made.limits.hit(client, 3), 0);
    assert.equal(made.limits.hit(client, 3), 59_998);
  }
});

test("clients whose hits are over make room, and nobody is forgotten for them", () => {
  const made = windows(2, 100);
  for (let at = 0; at < HIT_CLIENTS * 3; at++) made.limits.hit(`client ${at}`, at);
  assert.equal(made.forgotten, 0);
  assert.ok(made.limits.clients < 1_000, String(made.limits.clients));
});

test("all limits of a process share one bound of memory; over it clients are forgotten, and what is given back is there for others", () => {
  const memory = new HitMemory();
  let forgotten = 0;
  const many = Array.from({ length: 5 }, () => new HitWindows({ hits: 100, windowMs: 60_000 }, false, memory, () => forgotten++));
  for (const limits of many) for (let at = 0; at < HIT_CLIENTS; at++) limits.hit(`client ${at}`, 1);
  assert.ok(forgotten > 0);
  assert.ok((many.at(-1)?.clients ?? 0) < HIT_CLIENTS);
  assert.equal(memory.take(HIT_BYTES / 2), false);
  for (const limits of many) limits.forget();
  assert.equal(memory.take(HIT_BYTES), true);
});

test("a limit that all clients share counts 4,096 hits one by one", () => {
  const { limits } = windows(4_096, 1_000, true);
  for (let hit = 0; hit < 4_096; hit++) assert.equal(limits.hit("all", hit / 8), 0);
  assert.equal(limits.hit("all", 600), 400);
  assert.equal(limits.hit("all", 1_000), 0);
  assert.equal(limits.hit("all", 1_000), 0.125);
});
