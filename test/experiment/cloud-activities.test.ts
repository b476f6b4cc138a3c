import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { connectAws } from "../../src/aws/index.ts";
import type { Json, JsonObject } from "../../src/experiment/document/json.ts";
import { openNatives } from "../../src/experiment/native/open-natives.ts";
import { runNative } from "../../src/experiment/native/run-native.ts";
import { systemClock, systemRandom } from "../../src/kernel/index.ts";
import { until } from "../../src/kernel/testing/until.ts";
import { startLabAws } from "../../src/lab/aws/lab-aws.ts";
import { LAB_KEY, REGION, groupOf, testOptions } from "../../src/lab/aws/testing/test-account.ts";
import { silentLog } from "../../src/telemetry/index.ts";

/** An account with one Auto Scaling group of three, and activities that are aimed at it as at AWS itself: by the environment. */
async function stage(t: TestContext) {
  const first = { ...testOptions.first, autoScalingGroups: new Map([["nodes", groupOf(3)]]) };
  const instances = { bootMs: 50, stopMs: 50, terminateMs: 50 };
  const account = await startLabAws({ ...testOptions, first, instances, clock: systemClock, log: silentLog, advanceEveryMs: 20 });
  const folder = mkdtempSync(join(tmpdir(), "holdfast-cloud-"));
  t.after(async () => {
    await account.close();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });
  const endpoint = `http://127.0.0.1:${account.port}`;
  const environment = {
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: REGION,
    AWS_ACCESS_KEY_ID: LAB_KEY.id,
    AWS_SECRET_ACCESS_KEY: LAB_KEY.secret,
  };
  const ending = new AbortController().signal;
  const natives = await openNatives(
    { target: {}, seed: 1, title: "t", folder: { run: "r", path: folder }, ending },
    { clock: systemClock, environment },
  );
  const credentials = { accessKeyId: LAB_KEY.id, secretAccessKey: LAB_KEY.secret };
  const aws = connectAws({ region: REGION, endpoint, credentials, share: 100 }, { clock: systemClock, random: systemRandom });
  t.after(() => aws.close());
  const play = (activity: string, given: JsonObject): Promise<Json> =>
    runNative({ type: "holdfast", activity, arguments: given }, { configuration: {}, secrets: {} }, natives, ending);
  const running = async (): Promise<readonly string[]> =>
    (await aws.ec2.instances(new Map([["instance-state-name", ["running"]]]))).map(({ id }) => id);
  await until("the group has its instances", async () => (await running()).length === 3, 30_000);
  return { natives, aws, play, running };
}

test("instances are stopped only where they agreed to it, and run again at the end", async (t) => {
  const { natives, aws, play, running } = await stage(t);
  await assert.rejects(play("ec2/stop", { group: "nodes" }), /no instance is taken: .*it has no tag holdfast\.dev\/experiments=allowed/);
  assert.equal((await running()).length, 3);
  await assert.rejects(play("ec2/stop", {}), /nothing says which instances/);
  await aws.ec2.createTags(await running(), new Map([["holdfast.dev/experiments", "allowed"]]));
  // Its group would put another one in the place of one that is stopped.
  assert.deepEqual(await play("asg/suspend", { group: "nodes", processes: ["Launch", "Terminate", "ReplaceUnhealthy", "HealthCheck"] }), [
    "Launch",
    "Terminate",
    "ReplaceUnhealthy",
    "HealthCheck",
  ]);
  const stopped = await play("ec2/stop", { group: "nodes", amount: 2, leastReadyLeft: 2 });
  assert.ok(Array.isArray(stopped) && stopped.length === 1, "two must run");
  assert.equal(await play("ec2/running", { group: "nodes" }), 2);
  await until(
    "it is stopped",
    async () => Object.values((await play("ec2/instances", { ids: stopped })) as object).includes("stopped"),
    30_000,
  );
  await natives.faults.revertAll();
  await until("it runs again", async () => (await running()).length === 3, 30_000);
  assert.deepEqual((await aws.autoscaling.groupsNamed(["nodes"])).get("nodes")?.suspended, []);
  for (const { label, revertedAt, byHand } of natives.evidence.faults) assert.ok(revertedAt !== null, `${label}: ${byHand ?? ""}`);
});

test("what is terminated is seen to be, and its group launches another", async (t) => {
  const { natives, aws, play, running } = await stage(t);
  const before = await running();
  await aws.ec2.createTags(before, new Map([["holdfast.dev/experiments", "allowed"]]));
  const taken = await play("ec2/terminate", { tags: { "holdfast.dev/experiments": "allowed" }, amount: "40%" });
  assert.ok(Array.isArray(taken) && taken.length === 1);
  const [fault] = natives.evidence.faults;
  assert.match(fault?.injectedEvidence ?? "", /^i-[0-9a-f]+ is (shutting-down|terminated)$/);
  await until("another is launched", async () => (await running()).filter((id) => id !== taken[0]).length === 3, 30_000);
});
