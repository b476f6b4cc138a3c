import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { until } from "../../kernel/testing/until.ts";
import type { Machine } from "./ec2/machine-routes.ts";
import { parseLabAwsConfig } from "./parse-config.ts";
import { type ControlClient, controlClient, killPart, startPart, testFolder } from "./testing/lab-part.ts";
import { CONTROL_TOKEN, partConfig } from "./testing/part-config.ts";
import { type TestAccount, clientOf } from "./testing/test-account.ts";

interface Started {
  readonly call: TestAccount["call"];
  readonly control: ControlClient;
}

async function start(t: TestContext, more: object = {}): Promise<Started> {
  const config = await partConfig(more);
  await startPart(t, testFolder(t), "aws", config);
  return {
    call: clientOf(`127.0.0.1:${config.listen.port}`, Date.now),
    control: controlClient(config.control.port, CONTROL_TOKEN),
  };
}

const nodes = { name: "nodes", maxSize: 3, desiredCapacity: 2, subnets: ["subnet-a", "subnet-b"], tags: { role: "worker" } };

test("an account as a process: faults by its control API, what was called, and machines that go", { timeout: 60_000 }, async (t) => {
  const { call, control } = await start(t, { autoScalingGroups: [nodes] });
  const fault = { id: "slow down", action: "DescribeLoadBalancers", from: 2, fault: { kind: "throttle" } };
  assert.deepEqual(await control("POST", "/faults", fault), { status: 200, body: {} });
  const codes = [];
  for (let at = 0; at < 3; at++) codes.push((await call("elasticloadbalancing", "DescribeLoadBalancers")).code);
  assert.deepEqual(codes, [undefined, "Throttling", undefined]);
  const faults = (await control("GET", "/faults")).body as { faults: { id: string; seen: number; met: number }[] };
  assert.deepEqual(
    faults.faults.map(({ id, seen, met }) => [id, seen, met]),
    [["slow down", 3, 1]],
  );
  const { calls, next } = (await control("GET", "/calls")).body as {
    calls: { action: string; error?: string; sequence: number }[];
    next: number;
  };
  assert.deepEqual(
    calls.map(({ action, error, sequence }) => [action, error, sequence]),
    [
      ["DescribeLoadBalancers", undefined, 0],
      ["DescribeLoadBalancers", "Throttling", 1],
      ["DescribeLoadBalancers", undefined, 2],
    ],
  );
  assert.deepEqual((await control("GET", `/calls?since=${next}`)).body, { calls: [], next });
  assert.equal((await control("DELETE", "/faults")).status, 200);
  assert.equal((await control("DELETE", "/faults/slow%20down")).status, 404);

  const running = async (): Promise<readonly Machine[]> => {
    const { machines } = (await control("GET", "/machines")).body as { readonly machines: readonly Machine[] };
    return machines.filter(({ state }) => state === "running");
  };
  const first = await until("two run", async () => ((await running()).length === 2 ? running() : undefined), 30_000);
  assert.deepEqual(
    new Set(first.map(({ zone, privateIp }) => `${zone} ${privateIp.split(".", 3).join(".")}`)),
    new Set(["eu-central-1a 127.0.0", "eu-central-1b 127.0.1"]),
  );
  const gone = first[0]?.id ?? "";
  await call("ec2", "TerminateInstances", { InstanceId: [gone] });
  await until(
    "another runs in its place",
    async () => {
      const now = await running();
      return now.length === 2 && now.every(({ id }) => id !== gone);
    },
    30_000,
  );
});

test("an account that is killed comes back with what it had answered", { timeout: 60_000 }, async (t) => {
  const folder = testFolder(t);
  const config = await partConfig({ stateFile: `${folder}/account.json` });
  const part = await startPart(t, folder, "aws", config);
  const call = clientOf(`127.0.0.1:${config.listen.port}`, Date.now);
  await call("elasticloadbalancing", "CreateLoadBalancer", { Name: "shop", Subnets: ["subnet-a", "subnet-b"] });
  await killPart(part);
  await startPart(t, folder, "aws", config);
  assert.match((await call("elasticloadbalancing", "DescribeLoadBalancers", { Names: ["shop"] })).text, /<LoadBalancerName>shop</);
});

test("a configuration that is wrong is refused with one line that says where", async () => {
  const good = await partConfig();
  const refusal = (change: object): string => {
    try {
      parseLabAwsConfig({ ...good, ...change });
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
    return "accepted";
  };
  assert.equal(refusal({ autoScalingGroups: [nodes] }), "accepted");
  assert.match(refusal({ account: "1" }), /^account: must be twelve digits/);
  assert.match(refusal({ listen: { host: "0.0.0.0", port: 1 } }), /^listen\.host: must be an address of 127/);
  assert.match(refusal({ autoScalingGroups: [{ ...nodes, subnets: ["subnet-z"] }] }), /^autoScalingGroups\[0\]\.subnets: subnet-z is none/);
  assert.match(refusal({ autoScalingGroups: [{ ...nodes, maxSize: 1 }] }), /^autoScalingGroups\[0\]\.desiredCapacity: must be from/);
  assert.match(refusal({ timing: { bootms: 1 } }), /^timing\.bootms: unknown field/);
});
