import assert from "node:assert/strict";
import { test } from "node:test";
import { awsWithClient, sdkClientOf } from "../../src/lab/aws/testing/client-kit.ts";
import { broken, furnish, held, worldOf, writes } from "./client-faults.ts";

const patient = { times: { timeoutMs: 60_000, attemptTimeoutMs: 1_000 } };

test("whatever becomes of one answer, a write is done once: nothing is there twice, and nothing else than without the fault", async (t) => {
  const first = await awsWithClient(t, { account: { world: worldOf(0), attachMs: 3_600_000, provisioningMs: 0 } });
  const there = await furnish(first.account, first.aws);
  const furnished = first.account.store.now;
  const wrong: string[] = [];
  const check = async ([action, write]: [string, (typeof writes)[string]]): Promise<void> => {
    if (write === undefined) return;
    const { account, aws } = await awsWithClient(t, {
      account: { world: furnished, attachMs: 3_600_000, provisioningMs: 0 },
      client: patient,
    });
    const before = held(account.store.now);
    await write(aws, there);
    const expected = held(account.store.now);
    if (expected === before) wrong.push(`${action} does nothing`);
    for (const fault of broken) {
      account.store.put({ ...furnished, version: account.store.now.version + 1 }, Date.now());
      account.faults.add({ id: action, action, from: 1, count: 1, fault });
      const name = `${action} ${"body" in fault ? fault.body : fault.kind}`;
      await write(sdkClientOf(t, account, patient), there).catch((error: unknown) => wrong.push(`${name}: ${String(error)}`));
      if (account.faults.witness()[0]?.met !== 1) wrong.push(`${name} was not met`);
      account.faults.clear();
      const other = held(account.store.now)
        .split("\n")
        .filter((line) => !expected.includes(line));
      if (held(account.store.now) !== expected) wrong.push(`${name}: ${other.join("\n").slice(0, 500)}`);
    }
  };
  await Promise.all(Object.entries(writes).map(check));
  assert.deepEqual(wrong, []);
});
