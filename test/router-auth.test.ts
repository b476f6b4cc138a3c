import assert from "node:assert/strict";
import { createServer } from "node:http";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { until } from "../src/kernel/testing/until.ts";
import { listen, startRouter, testFolder } from "./router-kit.ts";

test("a router asks for passwords and webhooks, as its command line says", async (t) => {
  const directory = await testFolder(t);
  // `openssl passwd -apr1 secret`
  await writeFile(join(directory, "htpasswd"), "ann:$apr1$abcdefgh$h9FWgUz3n9YxylKLlR5SQ/\n");
  const slow = await listen(
    t,
    createServer((incoming, response) => (incoming.url === "/slow" ? undefined : response.end())),
  );
  await writeFile(
    join(directory, "routes.eskip"),
    `basic: Path("/basic") -> basicAuth("${join(directory, "htpasswd")}") -> inlineContent("in") -> <shunt>;
     quick: Path("/quick") -> webhook("http://127.0.0.1:${slow}/quick") -> inlineContent("in") -> <shunt>;
     slow: Path("/slow") -> webhook("http://127.0.0.1:${slow}/slow") -> inlineContent("in") -> <shunt>;`,
  );
  const router = await startRouter(t, ["--routes", join(directory, "routes.eskip"), "--workers", "1", "--webhook-timeout", "0.2"]);
  const get = async (path: string, password = ""): Promise<number> => {
    const authorization = `Basic ${Buffer.from(`ann:${password}`).toString("base64")}`;
    const response = await fetch(`http://127.0.0.1:${router.port}${path}`, { headers: { authorization, connection: "close" } });
    await response.text();
    return response.status;
  };
  // A worker whose routes are in a file has no table at first.
  await until("the right password is let in", async () => (await get("/basic", "secret")) === 200, 30_000);
  assert.equal(await get("/basic", "wrong"), 401);
  assert.equal(await get("/quick"), 200);
  assert.equal(await get("/slow"), 401);
  const { body } = await router.admin("/metrics");
  assert.match(body, /holdfast_auth_decisions_total\{filter="basicAuth",outcome="allowed"\} 1\n/);
  assert.equal(body.includes("secret"), false);
});
