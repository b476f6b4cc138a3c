import assert from "node:assert/strict";
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { test } from "node:test";
import { arrayAt, type Json, numberAt, stringAt } from "./json.ts";
import { openWatch, startApiServer } from "./testing/index.ts";

const configMap = (name: string, data: Record<string, string> = {}): object => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, labels: { app: name } },
  data,
});
const CONFIG_MAPS = "/api/v1/namespaces/default/configmaps";

test("an object is created, read, replaced, patched and deleted, and each write raises the revision", async (t) => {
  const server = await startApiServer();
  t.after(() => server.close());
  const made = await server.call("POST", CONFIG_MAPS, configMap("a", { k: "1" }));
  assert.equal(made.code, 201);
  const body = made.body as Json;
  assert.match(stringAt(body, "metadata", "uid") ?? "", /^[0-9a-f-]{36}$/);
  const first = Number(stringAt(body, "metadata", "resourceVersion"));
  const patched = await server.call(
    "PATCH",
    `${CONFIG_MAPS}/a`,
    { data: { k: null, l: "2" } },
    { "content-type": "application/merge-patch+json" },
  );
  assert.deepEqual((patched.body as { data: object }).data, { l: "2" });
  assert.ok(Number(stringAt(patched.body as Json, "metadata", "resourceVersion")) > first);
  const stale = await server.call("PUT", `${CONFIG_MAPS}/a`, body);
  assert.equal(stale.code, 409);
  assert.equal(stringAt(stale.body as Json, "reason"), "Conflict");
  const deleted = await server.call("DELETE", `${CONFIG_MAPS}/a`);
  assert.equal(stringAt(deleted.body as Json, "status"), "Success");
  assert.equal((await server.call("GET", `${CONFIG_MAPS}/a`)).code, 404);
});

test("a change that changes nothing keeps the revision", async (t) => {
  const server = await startApiServer();
  t.after(() => server.close());
  const made = await server.call("POST", CONFIG_MAPS, configMap("a", { k: "1" }));
  const patched = await server.call("PATCH", `${CONFIG_MAPS}/a`, { data: { k: "1" } }, { "content-type": "application/merge-patch+json" });
  assert.equal(stringAt(patched.body as Json, "metadata", "resourceVersion"), stringAt(made.body as Json, "metadata", "resourceVersion"));
});

test("a list in pages is one consistent state although objects come and go between the pages", async (t) => {
  const server = await startApiServer();
  t.after(() => server.close());
  for (const name of ["a", "b", "c", "d"]) await server.call("POST", CONFIG_MAPS, configMap(name));
  const first = (await server.call("GET", `${CONFIG_MAPS}?limit=2`)).body as Json;
  await server.call("DELETE", `${CONFIG_MAPS}/c`);
  await server.call("POST", CONFIG_MAPS, configMap("cc"));
  const rest = (await server.call("GET", `${CONFIG_MAPS}?limit=2&continue=${stringAt(first, "metadata", "continue")}`)).body as Json;
  const names = [...arrayAt(first, "items"), ...arrayAt(rest, "items")].map((item) => stringAt(item, "metadata", "name"));
  assert.deepEqual(names, ["a", "b", "c", "d"]);
  assert.equal(stringAt(rest, "metadata", "resourceVersion"), stringAt(first, "metadata", "resourceVersion"));
  assert.equal(stringAt(rest, "metadata", "continue"), undefined);
});

test("a watch sends what happened since its revision, then what happens", async (t) => {
  const server = await startApiServer();
  t.after(() => server.close());
  const made = await server.call("POST", CONFIG_MAPS, configMap("a"));
  await server.call("POST", CONFIG_MAPS, configMap("b"));
  const watch = await openWatch(
    server,
    `${CONFIG_MAPS}?watch=1&resourceVersion=${stringAt(made.body as Json, "metadata", "resourceVersion")}`,
  );
  const missed = await watch.next();
  assert.deepEqual([missed?.type, missed?.object.metadata.name], ["ADDED", "b"]);
  await server.call("DELETE", `${CONFIG_MAPS}/a`);
  const live = await watch.next();
  assert.deepEqual([live?.type, live?.object.metadata.name], ["DELETED", "a"]);
  watch.close();
});

test("an object that leaves the selection of a watch is deleted for it", async (t) => {
  const server = await startApiServer();
  t.after(() => server.close());
  const list = (await server.call("GET", CONFIG_MAPS)).body as Json;
  const watch = await openWatch(
    server,
    `${CONFIG_MAPS}?watch=1&labelSelector=app%3Da&resourceVersion=${stringAt(list, "metadata", "resourceVersion")}`,
  );
  await server.call("POST", CONFIG_MAPS, configMap("b"));
  await server.call("POST", CONFIG_MAPS, configMap("a"));
  await server.call(
    "PATCH",
    `${CONFIG_MAPS}/a`,
    { metadata: { labels: { app: "other" } } },
    { "content-type": "application/merge-patch+json" },
  );
  const events = [await watch.next(), await watch.next()];
  assert.deepEqual(
    events.map((event) => [event?.type, event?.object.metadata.name]),
    [
      ["ADDED", "a"],
      ["DELETED", "a"],
    ],
  );
  watch.close();
});

test("a watch that allows bookmarks gets the revision although nothing of its kind changes", async (t) => {
  const server = await startApiServer({ bookmarkMs: 20 });
  t.after(() => server.close());
  const list = (await server.call("GET", CONFIG_MAPS)).body as Json;
  const watch = await openWatch(
    server,
    `${CONFIG_MAPS}?watch=1&allowWatchBookmarks=true&resourceVersion=${stringAt(list, "metadata", "resourceVersion")}`,
  );
  const event = await watch.next();
  assert.deepEqual([event?.type, event?.object.metadata.resourceVersion], ["BOOKMARK", stringAt(list, "metadata", "resourceVersion")]);
  watch.close();
});

test("a watch list sends the state, then a bookmark that ends it", async (t) => {
  const server = await startApiServer();
  t.after(() => server.close());
  await server.call("POST", CONFIG_MAPS, configMap("a"));
  const watch = await openWatch(
    server,
    `${CONFIG_MAPS}?watch=1&allowWatchBookmarks=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan`,
  );
  const events = [await watch.next(), await watch.next()];
  assert.deepEqual(
    events.map((event) => event?.type),
    ["ADDED", "BOOKMARK"],
  );
  assert.equal(events[1]?.object.metadata.annotations?.["k8s.io/initial-events-end"], "true");
  watch.close();
});

test("after a restart the data and the revision are back, and a watch from before it is answered 410", async (t) => {
  const server = await startApiServer();
  t.after(() => server.close());
  const made = (await server.call("POST", CONFIG_MAPS, configMap("a"))).body as Json;
  await server.call("POST", CONFIG_MAPS, configMap("b"));
  await server.restart();
  const list = (await server.call("GET", CONFIG_MAPS)).body as Json;
  assert.deepEqual(
    arrayAt(list, "items").map((item) => stringAt(item, "metadata", "name")),
    ["a", "b"],
  );
  assert.ok(Number(stringAt(list, "metadata", "resourceVersion")) > Number(stringAt(made, "metadata", "resourceVersion")));
  const old = await openWatch(server, `${CONFIG_MAPS}?watch=1&resourceVersion=${stringAt(made, "metadata", "resourceVersion")}`);
  const event = await old.next();
  assert.equal(event?.type, "ERROR");
  assert.equal(numberAt(event?.object as unknown as Json, "code"), 410);
  assert.equal(await old.next(), undefined);
});

test("nobody without a token gets in, and a reader may read and report events but not write", async (t) => {
  const server = await startApiServer();
  t.after(() => server.close());
  assert.equal((await server.call("GET", CONFIG_MAPS, undefined, { authorization: "Bearer wrong" })).code, 401);
  const asReader = { authorization: `Bearer ${server.readerToken}` };
  assert.equal((await server.call("GET", CONFIG_MAPS, undefined, asReader)).code, 200);
  const refused = await server.call("POST", CONFIG_MAPS, configMap("a"), asReader);
  assert.equal(refused.code, 403);
  assert.match(
    stringAt(refused.body as Json, "message") ?? "",
    /configmaps is forbidden: User "reader" cannot create resource "configmaps"/,
  );
  const event = {
    apiVersion: "v1",
    kind: "Event",
    metadata: { name: "e" },
    involvedObject: { kind: "Pod", name: "p", namespace: "default" },
    reason: "Seen",
    message: "seen",
    type: "Normal",
  };
  assert.equal((await server.call("POST", "/api/v1/namespaces/default/events", event, asReader)).code, 201);
});

test("a deleted pod on a node stays until its kubelet deletes it with grace 0, one on no node goes at once", async (t) => {
  const server = await startApiServer();
  t.after(() => server.close());
  const pods = "/api/v1/namespaces/default/pods";
  const pod = (name: string): object => ({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name },
    spec: { containers: [{ name: "c", image: "x" }] },
  });
  await server.call("POST", pods, pod("placed"));
  await server.call("POST", pods, pod("pending"));
  const bound = await server.call("POST", `${pods}/placed/binding`, {
    apiVersion: "v1",
    kind: "Binding",
    metadata: { name: "placed" },
    target: { kind: "Node", name: "node-1" },
  });
  assert.equal(bound.code, 201);
  await server.call("DELETE", `${pods}/pending`);
  assert.equal((await server.call("GET", `${pods}/pending`)).code, 404);
  const marked = (await server.call("DELETE", `${pods}/placed`)).body as Json;
  assert.equal(numberAt(marked, "metadata", "deletionGracePeriodSeconds"), 30);
  assert.equal((await server.call("GET", `${pods}/placed`)).code, 200);
  await server.call("DELETE", `${pods}/placed`, { apiVersion: "v1", kind: "DeleteOptions", gracePeriodSeconds: 0 });
  assert.equal((await server.call("GET", `${pods}/placed`)).code, 404);
});

test("an object with a finalizer goes when the finalizer is taken off", async (t) => {
  const server = await startApiServer();
  t.after(() => server.close());
  await server.call("POST", CONFIG_MAPS, { ...configMap("a"), metadata: { name: "a", finalizers: ["example.org/wait"] } });
  await server.call("DELETE", `${CONFIG_MAPS}/a`);
  assert.equal((await server.call("GET", `${CONFIG_MAPS}/a`)).code, 200);
  await server.call("PATCH", `${CONFIG_MAPS}/a`, { metadata: { finalizers: null } }, { "content-type": "application/merge-patch+json" });
  assert.equal((await server.call("GET", `${CONFIG_MAPS}/a`)).code, 404);
});

test("a namespace that is deleted refuses new objects and goes when it is finalized", async (t) => {
  const server = await startApiServer();
  t.after(() => server.close());
  await server.call("POST", "/api/v1/namespaces", { apiVersion: "v1", kind: "Namespace", metadata: { name: "shop" } });
  const marked = (await server.call("DELETE", "/api/v1/namespaces/shop")).body as Json;
  assert.equal(stringAt(marked, "status", "phase"), "Terminating");
  assert.equal((await server.call("POST", "/api/v1/namespaces/shop/configmaps", configMap("a"))).code, 403);
  const current = (await server.call("GET", "/api/v1/namespaces/shop")).body as Record<string, Json>;
  await server.call("PUT", "/api/v1/namespaces/shop/finalize", { ...current, spec: { finalizers: [] } });
  assert.equal((await server.call("GET", "/api/v1/namespaces/shop")).code, 404);
});

test("more requests at once than the limit are answered 429 with Retry-After", async (t) => {
  const server = await startApiServer({ maxInFlight: 1 });
  t.after(() => server.close());
  const slow = request(server.url + CONFIG_MAPS, {
    method: "POST",
    agent: false,
    headers: { authorization: `Bearer ${server.adminToken}`, "content-type": "application/json", expect: "100-continue" },
  });
  slow.flushHeaders();
  await once(slow, "continue");
  const refused = await server.call("GET", CONFIG_MAPS);
  assert.equal(refused.code, 429);
  assert.equal(numberAt(refused.body as Json, "details", "retryAfterSeconds"), 1);
  slow.end(JSON.stringify(configMap("a")));
  const [answered] = (await once(slow, "response")) as [IncomingMessage];
  assert.equal(answered.statusCode, 201);
  answered.resume();
});
