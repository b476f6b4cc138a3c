import assert from "node:assert/strict";
import { createServer } from "node:http";
import { copyFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { until } from "../src/kernel/testing/until.ts";
import { ask, holdfast, listen, startRouter, testFolder } from "./router-kit.ts";

const EXAMPLE = fileURLToPath(new URL("../docs/examples/plugin.ts", import.meta.url));

/** The routes of docs/how-to/plugins.md, in front of real servers. */
async function example(t: TestContext): Promise<{ readonly folder: string; readonly routes: string }> {
  const folder = await testFolder(t);
  const service = await listen(
    t,
    createServer((request, response) => response.writeHead(request.url === "/acme" ? 200 : 404).end()),
  );
  const application = await listen(
    t,
    createServer((request, response) => response.end(`hello ${String(request.headers["x-tenant"])}`)),
  );
  const routes = join(folder, "routes.eskip");
  await writeFile(
    routes,
    `tenants: Tenant("acme", "umbrella") -> knownTenant("http://127.0.0.1:${service}/") -> tenantHeader("X-Tenant") -> "http://127.0.0.1:${application}";
plain: Path("/plain") -> status(204) -> <shunt>;
`,
  );
  return { folder, routes };
}

test("the example of a plugin serves: a predicate, a filter on both ways, and one that asks a service", async (t) => {
  const { routes } = await example(t);
  const router = await startRouter(t, ["--routes", routes, "--plugin", EXAMPLE, "--workers", "2"]);
  const known = await until(
    "the route serves",
    async () => {
      const answer = await ask(router.port, "/", { host: "acme.example.org" });
      return answer.status === 200 && answer;
    },
    60_000,
  );
  assert.equal(known.body, "hello acme");
  assert.match(String(known.headers["server-timing"]), /^backend;dur=\d+\.\d$/);
  const unknown = await ask(router.port, "/", { host: "umbrella.example.org" });
  assert.equal(`${unknown.status} ${unknown.body}`, "403 no such tenant\n");
  assert.equal((await ask(router.port, "/", { host: "other.example.org" })).status, 404);
});

test("a plugin that is broken refuses the start with one line, and later costs its own routes only", async (t) => {
  const { folder, routes } = await example(t);
  const plugin = join(folder, "plugin.ts");
  await writeFile(plugin, "export const plugin = { interfaceVersion: 7 };\n");
  const refused = holdfast(t, [
    "router",
    "--routes",
    routes,
    "--listen",
    "127.0.0.1:0",
    "--admin",
    "127.0.0.1:0",
    "--plugin",
    plugin,
    "--log-level",
    "silent",
  ]);
  assert.equal(await refused.ended, 2);
  assert.equal(refused.stderr(), `--plugin ${plugin}: it is for version 7 of the interface; this router has version 1\n`);

  await copyFile(EXAMPLE, plugin);
  const router = await startRouter(t, ["--routes", routes, "--plugin", plugin, "--workers", "1"]);
  const statusOf = async (path: string): Promise<number> => (await ask(router.port, path, { host: "acme.example.org" })).status;
  await until("the route serves", async () => (await statusOf("/")) === 200, 60_000);
  await writeFile(plugin, "export const plugin = 5;\n");
  const [{ pid } = { pid: null }] = (await router.status()).workers;
  assert.ok(pid !== null);
  process.kill(pid, "SIGKILL");
  await until(
    "the worker is back",
    async () => (await statusOf("/plain")) === 204 && (await router.status()).workers[0]?.pid !== pid,
    60_000,
  );
  assert.equal(await statusOf("/"), 404, "its predicate is not known: the route takes nothing");
  assert.match(router.stderr(), /it must export a constant plugin/);
});

test("routes check and match know what a plugin has; without it the filter is unknown, by line", async (t) => {
  const { routes } = await example(t);
  const checked = holdfast(t, ["routes", "check", "--plugin", EXAMPLE, routes]);
  assert.equal(await checked.ended, 0);
  assert.match(checked.stdout(), /2 routes, no problems/);
  const without = holdfast(t, ["routes", "check", routes]);
  assert.equal(await without.ended, 2);
  assert.match(
    without.stderr(),
    /routes\.eskip:1:\d+: route tenants: tenantHeader\(\): there is no filter of this name.*docs\/reference\/filters\.md/,
  );
  const matched = holdfast(t, ["routes", "match", "--plugin", EXAMPLE, "--routes", routes, "GET", "http://acme.example.org/"]);
  assert.equal(await matched.ended, 0);
  assert.match(matched.stdout(), /^tenants: Tenant\("acme", "umbrella"\)/);
  const bad = holdfast(t, ["routes", "check", "--plugin", routes, routes]);
  assert.equal(await bad.ended, 2);
  assert.match(bad.stderr(), /^holdfast: --plugin \/[^\n]*routes\.eskip: it cannot be loaded: [^\n]+\n$/);
});
