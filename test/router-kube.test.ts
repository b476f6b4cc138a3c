import assert from "node:assert/strict";
import { join } from "node:path";
import { type TestContext, test } from "node:test";

import { until } from "../src/kernel/testing/until.ts";
import { type Cluster, startCluster } from "./router-cluster.ts";
import { type Front, faults, startFront } from "./router-front.ts";
import { type RunningRouter, ask, holdfast, startApplication, startLoad, startRouter, testFolder, writeKubeconfig } from "./router-kit.ts";

const PATIENCE_MS = 60_000;

interface World {
  readonly cluster: Cluster;
  readonly front: Front;
  readonly directory: string;
  /** Host to application name. */
  readonly expected: ReadonlyMap<string, string>;
  readonly start: (t: TestContext) => Promise<RunningRouter>;
}

/** Three applications in a cluster behind a front, and routers that see the cluster through it. */
async function world(t: TestContext): Promise<World> {
  const cluster = await startCluster(t);
  const names = ["shop", "blog", "wiki"];
  for (const name of names) await cluster.expose(await startApplication(t, name));
  const front = await startFront(t, cluster.api.url);
  const directory = await testFolder(t);
  const kubeconfig = await writeKubeconfig(directory, front.url, cluster.api.readerToken);
  return {
    cluster,
    front,
    directory,
    expected: new Map(names.map((name) => [`${name}.example.org`, name])),
    start: (inner) =>
      startRouter(inner, [
        "--kubeconfig",
        kubeconfig,
        "--snapshot",
        join(directory, "snapshot"),
        "--workers",
        "2",
        "--stale-after",
        "5",
        "--drain-delay",
        "0",
      ]),
  };
}

async function untilSource(router: RunningRouter, source: string): Promise<void> {
  try {
    await until(`the table is ${source}`, async () => (await router.status()).source === source, PATIENCE_MS);
    await router.settled();
  } catch (error) {
    throw new Error(`${JSON.stringify(await router.status())}\n${router.stderr()}`, { cause: error });
  }
}

async function untilAnswer(router: RunningRouter, host: string, status: number): Promise<void> {
  await until(`${host} answers ${status}`, async () => (await ask(router.port, "/", { host })).status === status, PATIENCE_MS);
  await router.settled();
}

test("whatever the API server answers, a running router gives no wrong answer and comes back to live", async (t) => {
  const { front, expected, start } = await world(t);
  const router = await start(t);
  await untilSource(router, "live");
  for (const fault of faults) {
    await t.test(fault, async () => {
      const load = startLoad(router.port, expected);
      front.setFault(fault);
      await until("every kind met the fault", () => front.hits >= 8, PATIENCE_MS);
      const goal = load.sent() + 60;
      await until("load went on", () => load.sent() > goal, PATIENCE_MS);
      assert.equal((await router.admin("/readyz")).status, 200);
      front.setFault(undefined);
      await untilSource(router, "live");
      await load.stop();
      assert.equal(load.wrong.join("\n"), "");
      await untilAnswer(router, "nobody.example.org", 404);
    });
  }
});

test("whatever the API server answers, a restarted router serves what it knew and claims no knowledge it has not", async (t) => {
  const { front, expected, start } = await world(t);
  const first = await start(t);
  await untilSource(first, "live");
  first.child.kill("SIGTERM");
  assert.equal(await first.ended, 0);
  for (const fault of faults) {
    await t.test(fault, async (t) => {
      front.setFault(fault);
      const router = await start(t);
      for (const [host, name] of expected) assert.equal((await ask(router.port, "/", { host })).body, name, "the first answers");
      const load = startLoad(router.port, expected);
      await until("every kind met the fault", () => front.hits >= 5, PATIENCE_MS);
      const goal = load.sent() + 60;
      await until("load went on", () => load.sent() > goal, PATIENCE_MS);
      if (fault !== "empty list" && fault !== "poison item") {
        assert.equal((await router.status()).source, "restored");
        const unknown = await ask(router.port, "/", { host: "nobody.example.org" });
        assert.equal(unknown.status, 503);
        assert.ok(Number(unknown.headers["retry-after"]) > 0);
      }
      front.setFault(undefined);
      await untilSource(router, "live");
      await load.stop();
      assert.equal(load.wrong.join("\n"), "");
      router.child.kill("SIGTERM");
      assert.equal(await router.ended, 0);
    });
  }
});

test("additions, edits and real removals arrive; the last good version of a broken edit stays and its owner is told", async (t) => {
  const { cluster, start } = await world(t);
  const router = await start(t);
  await untilSource(router, "live");
  await untilAnswer(router, "shop.example.org", 200);

  await cluster.expose(await startApplication(t, "news"));
  await untilAnswer(router, "news.example.org", 200);

  await cluster.replaceAnnotations("news", { "zalando.org/skipper-filter": 'setResponseHeader("X-Edited", "yes")' });
  await until(
    "the edit is served",
    async () => (await ask(router.port, "/", { host: "news.example.org" })).headers["x-edited"] === "yes",
    PATIENCE_MS,
  );
  await router.settled();
  await cluster.replaceAnnotations("news", { "zalando.org/skipper-filter": "noSuchFilter()" });
  await until(
    "the problem is told",
    async () => (await router.status()).problems.some(({ object, lastGoodServes }) => object === "Ingress default/news" && lastGoodServes),
    PATIENCE_MS,
  );
  assert.equal((await ask(router.port, "/", { host: "news.example.org" })).headers["x-edited"], "yes");
  await until(
    "an Event tells the owner",
    async () => (await cluster.events()).some(({ object, message }) => object === "Ingress news" && message.includes("noSuchFilter")),
    PATIENCE_MS,
  );

  await cluster.deleteIngress("news");
  await untilAnswer(router, "news.example.org", 404);
});

test("a mass delete is held and shown, survives a restart, and happens when a person approves", async (t) => {
  const { cluster, expected, start } = await world(t);
  for (let at = 0; at < 60; at++)
    await cluster.createIngress(`extra-${at}`, `extra-${at}.example.org`, { "zalando.org/skipper-filter": 'inlineContent("extra")' });
  const first = await start(t);
  await untilSource(first, "live");
  await untilAnswer(first, "extra-59.example.org", 200);
  await first.settled();
  const load = startLoad(first.port, expected);
  for (let at = 0; at < 60; at++) await cluster.deleteIngress(`extra-${at}`);
  await until("most are held", async () => (await first.status()).held >= 30, PATIENCE_MS);
  const held = JSON.parse((await first.admin("/held")).body) as {
    readonly held: readonly { readonly id: string; readonly kind: string; readonly keys: readonly string[] }[];
  };
  const keys = held.held.flatMap((removal) => [...removal.keys]);
  assert.ok(keys.every((key) => key.startsWith("default/extra-")));
  const kept = keys[0]?.slice("default/".length) ?? "";
  assert.equal((await ask(first.port, "/", { host: `${kept}.example.org` })).body, "extra");
  await load.stop();
  assert.equal(load.wrong.join("\n"), "");
  first.child.kill("SIGTERM");
  assert.equal(await first.ended, 0);

  const second = await start(t);
  assert.equal((await ask(second.port, "/", { host: `${kept}.example.org` })).body, "extra");
  await untilSource(second, "live");
  await until("it is still held", async () => (await second.status()).held > 0, PATIENCE_MS);
  assert.equal((await ask(second.port, "/", { host: `${kept}.example.org` })).body, "extra");
  const again = JSON.parse((await second.admin("/held")).body) as typeof held;
  for (const { id } of again.held) {
    const approved = holdfast(t, [
      "hold",
      "approve",
      id,
      "--admin",
      `127.0.0.1:${second.adminPort}`,
      "--principal",
      "ann",
      "--reason",
      "they moved",
    ]);
    assert.equal(await approved.ended, 0, approved.stderr());
  }
  await untilAnswer(second, `${kept}.example.org`, 404);
  for (const [host, name] of expected) assert.equal((await ask(second.port, "/", { host })).body, name);
});

test("a cluster that is gone makes the table stale, not wrong: unknown hosts get 503, known ones are served", async (t) => {
  const { front, expected, start } = await world(t);
  const router = await start(t);
  await untilSource(router, "live");
  front.setFault("refused");
  await untilSource(router, "stale");
  assert.equal((await ask(router.port, "/", { host: "nobody.example.org" })).status, 503);
  for (const [host, name] of expected) assert.equal((await ask(router.port, "/", { host })).body, name);
  assert.equal((await router.admin("/readyz")).status, 200);
  front.setFault(undefined);
  await untilSource(router, "live");
});

test("endpoints that come and go change pools, not the table", async (t) => {
  const { cluster, start } = await world(t);
  const router = await start(t);
  await untilSource(router, "live");
  await untilAnswer(router, "shop.example.org", 200);
  const { generation } = await router.status();
  const other = await startApplication(t, "shop");
  const slice = {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { name: "shop-2", namespace: "default", labels: { "kubernetes.io/service-name": "shop" } },
    addressType: "IPv4",
    ports: [{ name: "http", port: other.port, protocol: "TCP" }],
    endpoints: [{ addresses: ["127.0.0.1"], conditions: { ready: true } }],
  };
  assert.equal((await cluster.api.call("POST", "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices", slice)).code, 201);
  await until(
    "the endpoint is in the pool",
    async () =>
      (await router.admin("/metrics")).body.includes("holdfast_") &&
      (await router.status()).sources["EndpointSlice"]?.state === "live" &&
      (await endpointCount(router)) === 2,
    PATIENCE_MS,
  );
  assert.equal((await router.status()).generation, generation);
});

/** Endpoints the workers have for shop, seen from who answers: both applications have the same name, so it is the sources that tell. */
async function endpointCount(router: RunningRouter): Promise<number> {
  const { sources } = await router.status();
  const source = sources["EndpointSlice"];
  return source !== undefined && "objects" in source ? Number(source.objects) - 2 : 0;
}

test("with the policy naive a failing API server empties the table and fails the health check", async (t) => {
  const { cluster, front, expected, directory } = await world(t);
  const kubeconfig = await writeKubeconfig(directory, front.url, cluster.api.readerToken);
  const router = await startRouter(t, ["--kubeconfig", kubeconfig, "--workers", "1", "--policy", "naive", "--drain-delay", "0"], {
    HOLDFAST_LAB: "1",
  });
  assert.match(router.stderr(), /warning: --policy naive/);
  for (const [host] of expected) await untilAnswer(router, host, 200);
  await until("it is ready", async () => (await router.admin("/readyz")).status === 200, PATIENCE_MS);
  front.setFault("500");
  for (const [host] of expected) await untilAnswer(router, host, 404);
  assert.equal((await router.admin("/readyz")).status, 503);
  front.setFault(undefined);
  for (const [host] of expected) await untilAnswer(router, host, 200);
  await until("it is ready again", async () => (await router.admin("/readyz")).status === 200, PATIENCE_MS);
});
