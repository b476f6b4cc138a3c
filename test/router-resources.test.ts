import assert from "node:assert/strict";
import { closeSync, openSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { test } from "node:test";

import { until } from "../src/kernel/testing/until.ts";
import { ask, holdfast, startApplication, startRouter, testFolder } from "./router-kit.ts";

const shop = 'shop: Host("shop.example.org") -> inlineContent("shop") -> <shunt>;\n';

test("a router whose standard output is a full disk serves on", async (t) => {
  const file = join(await testFolder(t), "routes.eskip");
  await writeFile(file, shop);
  const full = openSync("/dev/full", "w");
  t.after(() => closeSync(full));
  const args = ["router", "--routes", file, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--workers", "1", "--drain-delay", "0"];
  const program = holdfast(t, args, {}, { output: full });
  await until("it has begun", () => program.stderr().includes("generation made"), 60_000);
  await writeFile(file, "broken: ->");
  await until("it goes on", () => program.stderr().includes("routes file is not good"), 60_000);
  program.child.kill("SIGTERM");
  assert.equal(await program.ended, 0, program.stderr());
});

test("a flood of connections to a router that may open few files leaves some for endpoints", async (t) => {
  const { port } = await startApplication(t, "shop");
  const file = join(await testFolder(t), "routes.eskip");
  await writeFile(file, `shop: * -> "http://127.0.0.1:${port}";\n`);
  const router = await startRouter(t, ["--routes", file, "--workers", "1"], {}, { openFiles: 256 });
  await router.settled();
  let answered = 0;
  let closed = 0;
  const flood = Array.from({ length: 400 }, () => {
    const socket = connect(router.port, "127.0.0.1", () => socket.write("GET /slow HTTP/1.1\r\nHost: shop.example.org\r\n\r\n"));
    socket.once("data", (head: Buffer) => {
      assert.match(head.toString(), /^HTTP\/1\.1 200 /);
      answered++;
    });
    return socket.on("error", () => {}).on("close", () => closed++);
  });
  t.after(() => flood.forEach((socket) => socket.destroy()));
  await until("each is answered, or was closed as one too many", () => answered + closed === flood.length, 30_000);
  assert.ok(answered >= 90, `${answered} were answered`);
  for (const socket of flood) socket.destroy();
  await until("it serves others", async () => (await ask(router.port, "/", { host: "shop.example.org" })).body === "shop", 30_000);
});
