import assert from "node:assert/strict";
import { test } from "node:test";
import { type Connection, nextConnection, SILENCE_LIMIT_MS } from "./connection.ts";

const LIVE: Connection = { state: "live", lastFrameMs: 10_000 };

test("a lost connection is lost since its last frame, not since it was noticed", () => {
  assert.deepEqual(nextConnection(LIVE, { type: "error", atMs: 11_400 }), {
    state: "lost",
    sinceMs: 10_000,
    reason: "the server does not answer",
  });
});

test("silence is a loss only beyond its limit", () => {
  assert.equal(nextConnection(LIVE, { type: "tick", atMs: 10_000 + SILENCE_LIMIT_MS }), LIVE);
  assert.equal(nextConnection(LIVE, { type: "tick", atMs: 10_001 + SILENCE_LIMIT_MS }).state, "lost");
});

test("further errors do not move the moment of the loss, and a frame ends it", () => {
  const lost = nextConnection(LIVE, { type: "error", atMs: 11_000 });
  assert.equal(nextConnection(lost, { type: "error", atMs: 15_000 }), lost);
  assert.deepEqual(nextConnection(lost, { type: "problem", atMs: 15_000, message: "no data" }), {
    state: "lost",
    sinceMs: 10_000,
    reason: "no data",
  });
  assert.equal(nextConnection(lost, { type: "tick", atMs: 99_000 }), lost);
  assert.deepEqual(nextConnection(lost, { type: "frame", atMs: 16_000 }), { state: "live", lastFrameMs: 16_000 });
});

test("a server that never answered is lost since the page was opened", () => {
  assert.deepEqual(nextConnection({ state: "connecting", sinceMs: 5 }, { type: "error", atMs: 900 }), {
    state: "lost",
    sinceMs: 5,
    reason: "the server does not answer",
  });
});
