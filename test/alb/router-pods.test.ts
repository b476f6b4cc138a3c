import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { type RouterPods, createRouterPods } from "../../src/alb/observe/router-pods.ts";
import { seededRandom, systemClock } from "../../src/kernel/index.ts";
import { until } from "../../src/kernel/testing/until.ts";
import { createKubeClient, loadKubeconfig } from "../../src/kube/index.ts";
import { type TestApiServer, startApiServer } from "../../src/lab/apiserver/testing/index.ts";
import { MetricsRegistry, silentLog } from "../../src/telemetry/index.ts";

const PATIENCE_MS = 30_000;
const PODS = "/api/v1/namespaces/default/pods";

async function opened(t: TestContext): Promise<{ readonly server: TestApiServer; readonly pods: RouterPods }> {
  const server = await startApiServer();
  t.after(() => server.close());
  const deps = { clock: systemClock, random: seededRandom(1), log: silentLog, metrics: new MetricsRegistry() };
  const client = createKubeClient({ cluster: await loadKubeconfig(server.kubeconfigFile), caller: { attempts: 1 } }, deps);
  const pods = createRouterPods(
    { namespace: "default", labelSelector: "app=router", port: 9999, staleAfterMs: 6_000 },
    { ...deps, client, onChange() {} },
  );
  t.after(async () => {
    await pods.stop();
    await client.close();
  });
  return { server, pods };
}

async function pod(server: TestApiServer, name: string, podIP: string, ready: "True" | "False", app = "router"): Promise<void> {
  const object = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: "default", labels: { app } },
    spec: {
      containers: [
        { name: "router", image: "router" },
        { name: "beside", image: "beside" },
      ],
    },
  };
  const known = await server.call("GET", `${PODS}/${name}`);
  if (known.code === 404) assert.equal((await server.call("POST", PODS, object)).code, 201);
  const status = { phase: "Running", podIP, conditions: [{ type: "Ready", status: ready }] };
  const written = await server.call(
    "PATCH",
    `${PODS}/${name}/status`,
    { status },
    {
      "content-type": "application/merge-patch+json",
    },
  );
  assert.equal(written.code, 200, JSON.stringify(written.body));
}

const ids = (pods: RouterPods): string => {
  const targets = pods.targets();
  return targets.state === "unknown"
    ? "unknown"
    : `${targets.state} ${targets.value.map(({ id, port, isUnready }) => `${id}:${port}${isUnready === true ? " unready" : ""}`).join(" ")}`;
};

test("K11: routers are targets once they are ready, stay when they are not for a while, and go when they are deleted", async (t) => {
  const { server, pods } = await opened(t);
  await pod(server, "a", "10.0.0.1", "True");
  await pod(server, "b", "10.0.0.2", "False");
  await pod(server, "other", "10.0.0.3", "True", "other");
  assert.equal(ids(pods), "unknown");
  pods.start();
  await until("the first", () => ids(pods) === "fresh 10.0.0.1:9999 10.0.0.2:9999 unready", PATIENCE_MS);
  await pod(server, "b", "10.0.0.2", "True");
  await until("the second", () => ids(pods) === "fresh 10.0.0.1:9999 10.0.0.2:9999", PATIENCE_MS);
  await pod(server, "a", "10.0.0.1", "False");
  await pod(server, "c", "10.0.0.4", "True");
  await until(
    "the third, beside one that is not ready",
    () => ids(pods) === "fresh 10.0.0.1:9999 unready 10.0.0.2:9999 10.0.0.4:9999",
    PATIENCE_MS,
  );
  await server.call("DELETE", `${PODS}/b?gracePeriodSeconds=0`);
  await until("one less", () => ids(pods) === "fresh 10.0.0.1:9999 unready 10.0.0.4:9999", PATIENCE_MS);
});

test("K11: while the API server is away the routers are as they were, and that is not fresh; when it is back they are followed again", async (t) => {
  const { server, pods } = await opened(t);
  await pod(server, "a", "10.0.0.1", "True");
  pods.start();
  await until("the router", () => ids(pods) === "fresh 10.0.0.1:9999", PATIENCE_MS);
  await server.stop();
  await until("the doubt", () => ids(pods) === "stale 10.0.0.1:9999", PATIENCE_MS);
  await server.restart();
  await pod(server, "b", "10.0.0.2", "True");
  await until("the one that came since", () => ids(pods) === "fresh 10.0.0.1:9999 10.0.0.2:9999", PATIENCE_MS);
});
