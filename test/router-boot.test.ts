import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { freePort } from "../src/kernel/testing/free-port.ts";
import { until } from "../src/kernel/testing/until.ts";
import type { Pool, RouteDefinition } from "../src/route/index.ts";
import { encodeGeneration } from "../src/router/encode-generation.ts";
import { recordOf } from "../src/router/snapshot/record.ts";
import { ask, holdfast, startApplication, startRouter, testFolder, writeKubeconfig } from "./router-kit.ts";

const ROUTES = 10_000;

/** Routes as an Ingress with one host and one Service makes them. */
function manyRoutes(port: number): { readonly routes: readonly RouteDefinition[]; readonly pools: readonly Pool[] } {
  const numbers = Array.from({ length: ROUTES }, (_, at) => at);
  return {
    routes: numbers.map((at) => ({
      id: `kube_shop__app${at}__app${at}_example_org____app${at}`,
      predicates: [
        { name: "Host", args: [`^(app${at}[.]example[.]org[.]?(:[0-9]+)?)$`] },
        { name: "PathSubtree", args: ["/"] },
      ],
      filters: [],
      backend: { type: "pool", pool: `shop/app${at}/http`, algorithm: "roundRobin" },
    })),
    pools: numbers.map((at) => ({
      id: `shop/app${at}/http`,
      endpoints: [{ address: `http://127.0.0.1:${port}`, zone: "eu-central-1a", tier: "fresh" }],
    })),
  };
}

test("a router boots from a snapshot of 10,000 routes with the API server gone and answers right at once", async (t) => {
  const directory = await testFolder(t);
  const snapshot = join(directory, "snapshot");
  mkdirSync(snapshot);
  const application = await startApplication(t, "shop");
  const { text } = encodeGeneration(manyRoutes(application.port), {
    number: 7,
    createdAtMs: Date.now(),
    source: "kubernetes",
    revisions: {},
  });
  writeFileSync(join(snapshot, "generation-000000000007"), recordOf(text));
  const kubeconfig = await writeKubeconfig(directory, "http://127.0.0.1:1", "token");
  const port = await freePort();

  const times: number[] = [];
  for (let run = 0; run < 4; run++) {
    const startedAt = performance.now();
    const router = holdfast(t, [
      "router",
      "--kubeconfig",
      kubeconfig,
      "--snapshot",
      snapshot,
      "--listen",
      `127.0.0.1:${port}`,
      "--admin",
      "127.0.0.1:0",
      "--drain-delay",
      "0",
      "--log-level",
      "silent",
    ]);
    let answer = await ask(port, "/", { host: "app9999.example.org" });
    while (answer.status === 0) {
      assert.equal(router.child.exitCode, null, router.stderr());
      await new Promise((resolve) => setTimeout(resolve, 2));
      answer = await ask(port, "/", { host: "app9999.example.org" });
    }
    times.push(Math.round(performance.now() - startedAt));
    assert.equal(answer.status, 200, "the very first answer is the right one");
    assert.equal(answer.body, "shop");
    router.child.kill("SIGTERM");
    assert.equal(await router.ended, 0);
  }
  t.diagnostic(
    `exec to first correct answer, ${ROUTES} routes: ${times.join(", ")} ms (the first run fills the compile cache; load average ${readFileSync("/proc/loadavg", "utf8").split(" ")[0]})`,
  );
  // Generous: other work on the machine counts. The aim is 500 ms on two idle cores.
  assert.ok(Math.min(...times) < 10_000);
});

test("a full disk is told once, changes are served all the same, the older snapshot stays, and writing goes on when there is room", async (t) => {
  if (process.getuid?.() !== 0) {
    t.diagnostic("not run: a small file system can be mounted by root only");
    assert.notEqual(process.env["CI"], "true", "CI must run it as root");
    return;
  }
  const directory = await testFolder(t);
  const snapshot = join(directory, "snapshot");
  mkdirSync(snapshot);
  const file = join(directory, "routes.eskip");
  const route = (name: string, size = 1): string =>
    `${name}: Host("${name}.example.org") -> inlineContent("${name}${"x".repeat(size)}") -> <shunt>;\n`;
  writeFileSync(file, route("shop"));
  execFileSync("/bin/mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", snapshot]);
  try {
    const router = await startRouter(t, ["--routes", file, "--snapshot", snapshot, "--workers", "1", "--drain-delay", "0"]);
    await until("shop is served", async () => (await ask(router.port, "/", { host: "shop.example.org" })).status === 200, 20_000);
    assert.equal((await router.status()).snapshot.errors, 0);

    writeFileSync(file, route("shop") + route("blog", 80_000));
    await until("blog is served", async () => (await ask(router.port, "/", { host: "blog.example.org" })).status === 200, 20_000);
    await until("the failure is told", async () => (await router.status()).snapshot.lastError?.includes("ENOSPC") === true, 20_000);
    assert.equal(
      router
        .stderr()
        .split("\n")
        .filter((line) => line.includes("snapshot cannot be written")).length,
      1,
    );
    assert.match((await router.admin("/metrics")).body, /^holdfast_snapshot_write_errors_total [1-9]/m);
    assert.equal((await router.admin("/readyz")).status, 200);
    assert.deepEqual(readdirSync(snapshot), ["generation-000000000001"]);

    writeFileSync(file, route("shop") + route("blog") + route("wiki"));
    await until("the next one is kept", () => readdirSync(snapshot).includes("generation-000000000003"), 20_000);
    await until("the failure is over", async () => (await router.status()).snapshot.lastError === null, 20_000);
    router.child.kill("SIGTERM");
    assert.equal(await router.ended, 0);
  } finally {
    execFileSync("/bin/umount", ["-l", snapshot]);
  }
});
