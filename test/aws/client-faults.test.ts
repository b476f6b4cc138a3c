import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { AppError } from "../../src/kernel/index.ts";
import type { Fault } from "../../src/lab/aws/index.ts";
import { awsWithClient, sdkClientOf } from "../../src/lab/aws/testing/client-kit.ts";
import { broken, furnish, reads, settled, worldOf } from "./client-faults.ts";

const named = (fault: Fault): string => ("body" in fault ? fault.body : "status" in fault ? String(fault.status) : fault.kind);
const patient = { times: { timeoutMs: 60_000, attemptTimeoutMs: 1_000 } };
const hasty = { times: { timeoutMs: 600, attemptTimeoutMs: 200 } };

async function furnished(t: TestContext) {
  const both = await awsWithClient(t, { account: { world: worldOf(2), provisioningMs: 0 }, client: patient });
  const there = await furnish(both.account, both.aws);
  return { ...both, there };
}

/** What an answer says, or the code of the error. */
const outcome = (call: Promise<unknown>): Promise<string> =>
  call.then(
    (answer) => JSON.stringify(answer, (_name, value: unknown) => (value instanceof Map ? [...value] : value)) ?? "done",
    (error: unknown) => (error instanceof AppError ? error.code : String(error)),
  );

/** IAM's list is read together with the certificates in it: their faults must not meet. */
const lanes = [...Map.groupBy(Object.entries(reads), ([action]) => (action.includes("ServerCertificate") ? "iam" : action)).values()];

test("whatever becomes of one answer, a read says what is there, and never less", async (t) => {
  const { account, aws, there } = await furnished(t);
  const wrong: string[] = [];
  const check = async (lane: (typeof lanes)[number]): Promise<void> => {
    for (const [action, read] of lane) {
      const expected = settled(await outcome(read(aws, there)));
      if (!/^["[{]./.test(expected)) wrong.push(`${action}: ${expected}`);
      for (const fault of broken) {
        account.faults.add({ id: action, action, from: 1, count: 1, fault });
        const seen = settled(await outcome(read(sdkClientOf(t, account, patient), there)));
        account.faults.remove(action);
        if (seen !== expected) wrong.push(`${action} ${named(fault)}: ${seen.slice(0, 200)}`);
      }
    }
  };
  await Promise.all(lanes.map(check));
  // WAF says "none" by an answer without fields.
  assert.deepEqual(wrong, ["GetWebACLForResource json-object: done"]);
});

test("while answers stay broken a read fails: where it answers, nothing was taken from the answer", async (t) => {
  const { account, aws, there } = await furnished(t);
  const wrong: string[] = [];
  let failed = 0;
  const check = async (lane: (typeof lanes)[number]): Promise<void> => {
    for (const [action, read] of lane) {
      const expected = settled(await outcome(read(aws, there)));
      for (const fault of broken) {
        account.faults.add({ id: action, action, from: 1, count: Infinity, fault });
        const seen = settled(await outcome(read(sdkClientOf(t, account, hasty), there)));
        account.faults.remove(action);
        if (/^(AWS|CALL)_[A-Z_]+$/.test(seen)) failed++;
        else if (seen !== expected) wrong.push(`${action} ${named(fault)}: ${seen.slice(0, 200)}`);
      }
    }
  };
  await Promise.all(lanes.map(check));
  // On a slow machine it fails like the others.
  assert.deepEqual(
    wrong.filter((text) => text !== "GetWebACLForResource json-object: done"),
    [],
  );
  assert.ok(failed > 300, `${failed} reads failed`);
});
