import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { type AddressInfo } from "node:net";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { systemClock } from "../../kernel/index.ts";
import { type Json, type JsonObject, textAt } from "../document/json.ts";
import { exchange, proxyUnderTest } from "../fault-proxy/testing/kit.ts";
import { openNatives } from "../native/open-natives.ts";
import type { NativeContext } from "../native/native-activity.ts";
import { runNative } from "../native/run-native.ts";

interface Stage {
  readonly control: string;
  readonly port: number;
  readonly context: NativeContext;
  play(activity: string, given: JsonObject): Promise<Json>;
  show(): Promise<{ readonly enabled: boolean; readonly toxics: readonly { readonly name: string }[] }>;
}

/** A fault proxy before a server that answers over HTTP, and a run that plays activities against it. */
async function stage(t: TestContext): Promise<Stage> {
  const server = createServer((_request, response) => response.end("hello"));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const proxy = await proxyUnderTest(t);
  const port = await proxy.before("web", (server.address() as AddressInfo).port);
  const folder = mkdtempSync(join(tmpdir(), "holdfast-toxics-"));
  const context = await openNatives(
    { target: {}, seed: 1, title: "t", folder: { run: "r", path: folder }, ending: new AbortController().signal },
    { clock: systemClock, environment: {} },
  );
  t.after(async () => {
    await context.faults.revertAll();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });
  return {
    control: proxy.control,
    port,
    context,
    play: (activity, given) =>
      runNative(
        { activity, arguments: { control: proxy.control, ...given } },
        { configuration: {}, secrets: {} },
        context,
        new AbortController().signal,
      ),
    show: async () => (await proxy.call("GET", "/proxies/web")).body as never,
  };
}

test("a toxic is set, seen from outside, and taken off at the end", async (t) => {
  const { play, show, context } = await stage(t);
  await play("proxy/toxic", { proxy: "web", type: "latency", attributes: { latency: 200 } });
  assert.deepEqual(
    (await show()).toxics.map(({ name }) => name),
    ["latency_downstream"],
  );
  assert.equal(context.faults.open().length, 1);
  await context.faults.revertAll();
  assert.deepEqual((await show()).toxics, []);
  const [fault] = context.evidence.faults;
  assert.match(fault?.injectedEvidence ?? "", /^through the fault 200 in \d+ ms/);
});

test("a toxic that nobody can see is taken off, and the activity fails", async (t) => {
  const { play, show } = await stage(t);
  const set = play("proxy/toxic", { proxy: "web", type: "limit_data", attributes: { bytes: 1_000_000 }, witness_seconds: 0.5 });
  await assert.rejects(set, /did not see it: through the fault 200 in \d+ ms, around it 200/);
  assert.deepEqual((await show()).toxics, []);
});

test("a proxy is disabled, refuses, and listens again at the end; one that is taken off before is no failure", async (t) => {
  const { play, show, port, context } = await stage(t);
  await play("proxy/disable", { proxy: "web" });
  assert.equal((await exchange(port, "")).end, "reset");
  await play("proxy/toxic", { proxy: "web", type: "latency", attributes: { latency: 1 }, witness_seconds: 0.1 }).catch(() => {});
  await play("proxy/enable", { proxy: "web" });
  await context.faults.revertAll();
  assert.deepEqual(await show().then(({ enabled, toxics }) => [enabled, toxics.length]), [true, 0]);
});

test("a proxy is made, and is gone at the end", async (t) => {
  const { play, context } = await stage(t);
  const made = (await play("proxy/add", { name: "more", upstream: "127.0.0.1:9" })) as JsonObject;
  assert.match(textAt(made, "listen") ?? "", /^127\.0\.0\.1:\d+$/);
  assert.deepEqual(Object.keys((await play("proxy/list", {})) as JsonObject), ["web", "more"]);
  await context.faults.revertAll();
  assert.deepEqual(Object.keys((await play("proxy/list", {})) as JsonObject), ["web"]);
  await assert.rejects(play("proxy/show", { proxy: "more" }), /404 \{"error":"proxy not found"/);
});
