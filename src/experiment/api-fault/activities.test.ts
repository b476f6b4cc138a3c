import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { systemClock } from "../../kernel/index.ts";
import type { Json, JsonObject } from "../document/json.ts";
import { type ProxyUnderTest, proxyUnderTest } from "../fault-proxy/testing/kit.ts";
import { findNativeActivity } from "../native/activities.ts";
import type { NativeContext } from "../native/native-activity.ts";
import { openNatives } from "../native/open-natives.ts";
import { runNative } from "../native/run-native.ts";

interface Stage extends ProxyUnderTest {
  readonly context: NativeContext;
  play(given: JsonObject): Promise<Json>;
}

/** A fault proxy that was started by hand before an API server, and a run that names it. */
async function stage(t: TestContext): Promise<Stage> {
  const server = createServer((_request, response) =>
    response.end('{"kind":"NamespaceList","apiVersion":"v1","metadata":{},"items":[1,2]}'),
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const proxy = await proxyUnderTest(t);
  await proxy.before("kubernetes", 9, { upstream: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, protocol: "http" });
  const folder = mkdtempSync(join(tmpdir(), "holdfast-api-fault-"));
  const context = await openNatives(
    { target: {}, seed: 1, title: "t", folder: { run: "r", path: folder }, ending: new AbortController().signal },
    { clock: systemClock, environment: {} },
  );
  t.after(async () => {
    await context.faults.revertAll();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });
  const play = (given: JsonObject): Promise<Json> =>
    runNative(
      { activity: "api/fault", arguments: { of: "kubernetes", control: proxy.control, ...given } },
      { configuration: {}, secrets: {} },
      context,
      new AbortController().signal,
    );
  return { ...proxy, context, play };
}

test("a rule is set at a proxy that clients go through, seen by a request of our own, and taken off at the end", async (t) => {
  const { play, call, context } = await stage(t);
  await play({ fault: { type: "kube_status", code: 503 }, match: { resource: "namespaces" } });
  const [fault] = context.evidence.faults;
  assert.match(fault?.injectedEvidence ?? "", /^through the fault 503 in \d+ ms, around it 200 in \d+ ms$/);
  await context.faults.revertAll();
  assert.deepEqual((await call("GET", "/proxies/kubernetes/rules")).body, []);
});

test("a rule that nobody meets is taken off, and the activity fails", async (t) => {
  const { play, call } = await stage(t);
  const set = play({ fault: { type: "reset" }, match: { verb: "create" }, witness_seconds: 0.5 });
  await assert.rejects(set, /the requests that the proxy counts did not see it: the proxy broke 0 of 0 requests that fit/);
  assert.deepEqual((await call("GET", "/proxies/kubernetes/rules")).body, []);
});

test("what is wrong with a rule is told before anything is touched", () => {
  const check = (given: JsonObject): string => findNativeActivity("api/fault")?.check?.(given)[0]?.message ?? "nothing";
  assert.equal(check({ fault: { type: "kube_status", code: 7 } }), "code must be a number from 400 to 599");
  assert.match(check({ fault: { type: "explode" } }), /^fault\.type must be one of reset, close/);
  assert.equal(check({ rules: [] }), "there is none");
  assert.equal(check({ fault: { type: "reset" }, rules: [{ fault: { type: "reset" } }] }), "there is a fault as well");
  assert.equal(check({ fault: { type: "reset" } }), "nothing");
});
