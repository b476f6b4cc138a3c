import assert from "node:assert/strict";
import { test } from "node:test";
import { AppError } from "../../kernel/index.ts";
import { WriteGuard } from "./write-guard.ts";

test("a reconcile that was abandoned and goes on is refused, while its successor writes", async () => {
  const guard = new WriteGuard({ guard: () => 7 });
  const first = new AbortController();
  const wakes = Promise.withResolvers<void>();
  const late = guard.within(first.signal, async () => {
    assert.equal(guard.check(), 7);
    await wakes.promise;
    guard.check();
  });
  first.abort(new AppError("ALB_RECONCILE_DEADLINE", "it took too long"));
  await guard.within(new AbortController().signal, async () => {
    assert.equal(guard.check(), 7);
    wakes.resolve();
    await assert.rejects(late, { code: "ALB_RECONCILE_DEADLINE" });
    assert.equal(guard.check(), 7);
  });
});

test("removals that are ended refuse, and what is around them may go on; without the lease nothing may", async () => {
  let leads = true;
  const guard = new WriteGuard({
    guard() {
      if (leads) return 1;
      throw new AppError("KUBE_NOT_LEADER", "another leads");
    },
  });
  const run = new AbortController();
  const removing = new AbortController();
  await guard.within(run.signal, async () => {
    removing.abort(new AppError("ALB_PREEMPTED", "more to add"));
    await guard.within(removing.signal, async () => {
      assert.throws(() => guard.check(), { code: "ALB_PREEMPTED" });
    });
    assert.equal(guard.check(), 1);
    leads = false;
    assert.throws(() => guard.check(), { code: "KUBE_NOT_LEADER" });
  });
});
