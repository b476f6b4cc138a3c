import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { type TestContext, test } from "node:test";
import type { Journal } from "../../src/experiment/index.ts";
import { identify } from "../../src/kernel/index.ts";
import { until } from "../../src/kernel/testing/until.ts";
import { controlClient, startPart, testFolder } from "../../src/lab/aws/testing/lab-part.ts";
import { CONTROL_TOKEN, partConfig } from "../../src/lab/aws/testing/part-config.ts";
import { type TestAccount, clientOf } from "../../src/lab/aws/testing/test-account.ts";

const HOLDFAST = join(import.meta.dirname, "../../bin/holdfast");

interface Scene {
  readonly call: TestAccount["call"];
  readonly control: ReturnType<typeof controlClient>;
  play(method: readonly object[], duringIt?: () => Promise<void>): Promise<{ code: unknown; said: string; journal: Journal }>;
}

/** The lab's AWS as a process, and a folder that names it as a lab does. */
async function scene(t: TestContext): Promise<Scene> {
  const folder = testFolder(t);
  const config = await partConfig({});
  await startPart(t, folder, "aws", config);
  const { pid, startTime } = identify(process.pid);
  const lab = join(folder, "lab");
  mkdirSync(lab);
  const kubeconfig = join(lab, "kubeconfig");
  writeFileSync(
    kubeconfig,
    "apiVersion: v1\nkind: Config\nclusters: [{name: l, cluster: {server: 'http://127.0.0.1:9'}}]\nusers: [{name: l, user: {token: t}}]\ncontexts: [{name: l, context: {cluster: l, user: l}}]\ncurrent-context: l\n",
  );
  const awsControl = { url: `http://127.0.0.1:${config.control.port}`, token: CONTROL_TOKEN };
  const handle = {
    version: 1,
    pid,
    startedAtTicks: startTime,
    kubeconfig,
    awsEnvironment: {},
    url: "http://127.0.0.1:9",
    token: "t",
    awsControl,
  };
  writeFileSync(join(lab, "lab.json"), JSON.stringify(handle));
  return {
    call: clientOf(`127.0.0.1:${config.listen.port}`, Date.now),
    control: controlClient(config.control.port, CONTROL_TOKEN),
    async play(method, duringIt) {
      const [file, journal] = [join(folder, "x.json"), join(folder, "journal.json")];
      const alive = { type: "probe", name: "alive", tolerance: 0, provider: { type: "process", path: "true" } };
      const experiment = { title: "t", description: "d", "steady-state-hypothesis": { title: "h", probes: [alive] }, method };
      writeFileSync(file, JSON.stringify(experiment));
      const child = spawn(HOLDFAST, ["experiment", "run", file, "--lab", lab, "--journal", journal], {
        stdio: ["ignore", "ignore", "pipe"],
      });
      t.after(() => child.kill("SIGKILL"));
      const [[code], said] = await Promise.all([once(child, "exit"), text(child.stderr), duringIt?.()]);
      return { code, said, journal: JSON.parse(readFileSync(journal, "utf8")) as Journal };
    },
  };
}

const native = (type: string, activity: string, given: object, more: object = {}): object => ({
  type,
  name: activity,
  provider: { type: "holdfast", activity, arguments: given },
  ...more,
});

test(
  "calls of the lab's AWS go wrong once in so many times, are counted, and are right again at the end",
  { timeout: 90_000 },
  async (t) => {
    const { call, control, play } = await scene(t);
    const codes: unknown[] = [];
    const faulted = native("probe", "aws/calls", { seconds: 60, only: "faulted" }, { tolerance: { type: "range", range: [1, 1000] } });
    const fault = native("action", "aws/fault", { action: "Describe*", every: 2, fault: { kind: "throttle" } });
    const { code, said, journal } = await play([fault, faulted], async () => {
      const rules = async (): Promise<number> => ((await control("GET", "/faults")).body as { readonly faults: unknown[] }).faults.length;
      await until("the rule is there", async () => (await rules()) > 0, 60_000);
      for (let at = 0; at < 4; at++) codes.push((await call("elasticloadbalancing", "DescribeLoadBalancers")).code);
    });
    assert.equal(code, 0, said);
    // The run may be over before the later ones.
    assert.deepEqual(codes.slice(0, 2), ["Throttling", undefined]);
    assert.match(journal.holdfast?.faults[0]?.injectedEvidence ?? "", /^\d of \d calls met it$/);
    assert.equal((await call("elasticloadbalancing", "DescribeLoadBalancers")).code, undefined);
  },
);

test("a fault that no call meets has broken nothing, and the run says so", { timeout: 90_000 }, async (t) => {
  const { control, play } = await scene(t);
  const { code, said } = await play([native("action", "aws/fault", { action: "DeleteListener", within: 1, fault: { kind: "reset" } })]);
  assert.equal(code, 3, said);
  assert.match(said, /calls of AWS that met it did not see it: 0 of 0 calls met it/);
  assert.deepEqual((await control("GET", "/faults")).body, { faults: [] });
});
