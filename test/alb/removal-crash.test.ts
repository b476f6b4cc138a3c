import assert from "node:assert/strict";
import { test } from "node:test";

import { HOUR_MS, MINUTE_MS, type RemovalRig, left, removalRig, unneeded } from "./removal-kit.ts";

/** Until shortly before the end of the quarantine. */
async function nearTheEnd(rig: RemovalRig): Promise<number> {
  await unneeded(rig);
  await rig.rounds(24 * MINUTE_MS);
  return rig.account.calls.length;
}

test("stopped after any write of the removal and begun anew, with its state or without, nothing is lost and nothing is left", async (t) => {
  const whole = await removalRig(t);
  const before = await nearTheEnd(whole);
  await whole.rounds(8 * MINUTE_MS);
  const writes = whole.account.calls.slice(before).flatMap(({ isWrite, action }, at) => (isWrite ? [{ action, calls: at + 1 }] : []));
  const actions = writes.map(({ action }) => action);
  for (const action of [
    "AddTags",
    "ModifyLoadBalancerAttributes",
    "RemoveTags",
    "DeleteLoadBalancer",
    "DeleteTargetGroup",
    "DeleteSecurityGroup",
  ])
    assert.ok(actions.includes(action), `${action} is in ${actions.join(", ")}`);
  await whole.close();
  for (const kept of [true, false]) {
    for (const { action, calls } of writes) {
      const rig = await removalRig(t);
      await nearTheEnd(rig);
      rig.account.faults.add({ id: "dead", action: "*", from: calls + 1, count: Number.POSITIVE_INFINITY, fault: { kind: "reset" } });
      await rig.rounds(8 * MINUTE_MS);
      rig.account.faults.clear();
      rig.restart(kept);
      await rig.rounds((kept ? 20 : 32) * MINUTE_MS);
      for (const { id } of kept ? [] : rig.removals().held()) rig.removals().decide("approve", id, { principal: "ada", ttlMs: HOUR_MS });
      await rig.rounds((kept ? 1 : 15) * MINUTE_MS);
      const where = `after ${action} (call ${calls}), ${kept ? "with" : "without"} state`;
      assert.deepEqual(rig.names().toSorted(), ["hf-lab-a", "hf-lab-c"], where);
      assert.deepEqual(rig.account.losses, [], where);
      assert.deepEqual(left(rig), [], where);
      await rig.close();
    }
  }
});
