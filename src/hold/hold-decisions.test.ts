import assert from "node:assert/strict";
import { test } from "node:test";
import { complete, holdRig, remove, things } from "./testing/evidence-kit.ts";

const decision = { principal: "ada@example.org", ttlMs: 60_000 };

test("a rejected removal is kept whatever is said, until the rejection ends; then it is held anew", async () => {
  const { hold, keys, clock, audit } = holdRig();
  hold.observe(complete(things(10)));
  hold.observe(complete(things(9)));
  const id = hold.held()[0]?.id ?? "";
  hold.reject(id, { ...decision, why: "known bug" });
  for (let count = 0; count < 5; count++) {
    await clock.advance(10_000);
    hold.observe(complete(things(9)));
    hold.observe(remove("t9"));
  }
  assert.equal(keys().length, 10);
  assert.match(hold.held()[0]?.releasedBy ?? "", /ada@example\.org rejected the removal until/);
  await clock.advance(10_000);
  hold.observe(complete(things(9)));
  hold.observe(complete(things(9)));
  assert.ok(audit.some(({ action, principal }) => action === "expired" && principal === "ada@example.org"));
  assert.equal(keys().length, 10);
  await clock.advance(2_000);
  hold.observe(complete(things(9)));
  assert.equal(keys().length, 9);
});

test("an approval lets its keys go again without holding, for its time only", async () => {
  const { hold, keys, clock } = holdRig();
  hold.observe(complete(["a", "b"]));
  hold.observe(complete(["a"]));
  hold.approve(hold.held()[0]?.id ?? "", decision);
  hold.observe(complete(["a", "b"]));
  hold.observe(complete(["a"]));
  assert.deepEqual(keys(), ["a"]);
  hold.observe(complete(["a", "b"]));
  await clock.advance(60_001);
  hold.observe(complete(["a"]));
  assert.deepEqual(keys(), ["a", "b"]);
});

test("decisions need an id that is held, a principal and a bounded time", () => {
  const { hold } = holdRig();
  hold.observe(complete(["a", "b"]));
  hold.observe(complete(["a"]));
  const id = hold.held()[0]?.id ?? "";
  assert.throws(() => hold.approve("things-99", decision), { code: "HOLD_NO_SUCH_CHANGE" });
  assert.throws(() => hold.approve(id, { ...decision, principal: " " }), { code: "HOLD_DECISION" });
  for (const ttlMs of [999, 7 * 24 * 3_600_000 + 1, NaN])
    assert.throws(() => hold.reject(id, { ...decision, ttlMs }), { code: "HOLD_DECISION" });
  hold.reject(id, { ...decision, ttlMs: 1_000 });
  hold.approve(id, { ...decision, ttlMs: 7 * 24 * 3_600_000 });
  assert.equal(hold.accepted.size, 1);
});
