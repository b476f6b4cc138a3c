import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock, systemRandom } from "../../kernel/index.ts";
import { until } from "../../kernel/testing/until.ts";
import { createKubeClient, kinds } from "../../kube/index.ts";
import { silentLog } from "../../telemetry/index.ts";
import { startApiServer } from "../apiserver/testing/index.ts";
import { LAB_KEY, REGION, groupOf, testAccount } from "../aws/testing/test-account.ts";
import { withRecord } from "../aws/world/world.ts";
import type { Node } from "../objects/index.ts";
import { startControllers } from "./index.ts";

const PATIENCE_MS = 30_000;

test(
  "the node of a terminated instance is deleted, that of a stopped one tainted, and none while AWS does not say",
  { timeout: 120_000 },
  async (t) => {
    const account = await testAccount(t, { realClock: systemClock, world: { autoScalingGroups: new Map([["nodes", groupOf(3)]]) } });
    await account.call("autoscaling", "DescribeAutoScalingGroups");
    // Nobody replaces what is stopped.
    account.store.put(withRecord(account.store.now, "autoScalingGroups", "nodes", undefined), Date.now());
    const api = await startApiServer();
    t.after(() => api.close());
    const client = createKubeClient(
      { cluster: { server: api.url, credentials: { type: "token", token: api.adminToken }, namespace: "default" } },
      { clock: systemClock, random: systemRandom },
    );
    t.after(() => client.close());
    const ids = [...account.store.now.instances.keys()];
    for (const [at, id] of ids.entries()) {
      const node: Node = {
        apiVersion: "v1",
        kind: "Node",
        metadata: { name: `node-${at + 1}` },
        spec: { providerID: `aws:///${REGION}a/${id}` },
      };
      await client.create(kinds.nodes, node);
      const conditions = [
        { type: "Ready", status: at === 0 ? "True" : "False", reason: "Test", message: "", lastTransitionTime: "2026-01-01T00:00:00Z" },
      ];
      await client.patchStatus(kinds.nodes, { name: node.metadata.name }, { type: "merge", body: { status: { conditions } } });
    }
    const setState = (at: number, state: "running" | "stopped" | "terminated"): void => {
      const record = account.store.now.instances.get(ids[at] ?? "");
      assert.ok(record !== undefined);
      account.store.put(withRecord(account.store.now, "instances", record.id, { ...record, state, stateSinceMs: Date.now() }), Date.now());
    };
    setState(0, "terminated");
    setState(1, "terminated");
    setState(2, "stopped");
    account.faults.add({ id: "broken", service: "ec2", action: "*", from: 1, count: Infinity, fault: { kind: "body", body: "empty" } });
    const controllers = startControllers(
      {
        api: { server: api.url, token: api.adminToken },
        nodeMonitorPeriodMs: 100,
        cloud: { endpoint: account.url, region: REGION, credentials: { accessKeyId: LAB_KEY.id, secretAccessKey: LAB_KEY.secret } },
      },
      { log: silentLog },
    );
    t.after(() => controllers.stop());
    const names = async (): Promise<string> => (await client.list<Node>(kinds.nodes)).items.map(({ metadata }) => metadata.name).join(" ");
    const isShutDown = async (name: string): Promise<boolean> =>
      ((await client.get<Node>(kinds.nodes, { name })).spec?.taints ?? []).some(
        ({ key }) => key === "node.cloudprovider.kubernetes.io/shutdown",
      );
    await until("questions that get empty answers", () => (account.faults.witness()[0]?.met ?? 0) > 1, PATIENCE_MS);
    assert.equal(await names(), "node-1 node-2 node-3");
    account.faults.clear();
    await until("the end of node-2", async () => (await names()) === "node-1 node-3", PATIENCE_MS);
    await until("node-3 tainted", () => isShutDown("node-3"), PATIENCE_MS);
    const ready = [{ type: "Ready", status: "True", reason: "Test", message: "", lastTransitionTime: "2026-01-01T00:00:00Z" }];
    await client.patchStatus(kinds.nodes, { name: "node-3" }, { type: "merge", body: { status: { conditions: ready } } });
    await until("node-3 free of the taint", async () => !(await isShutDown("node-3")), PATIENCE_MS);
    assert.equal(await names(), "node-1 node-3");
  },
);
