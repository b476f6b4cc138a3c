import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { AppError, seededRandom, systemClock } from "../kernel/index.ts";
import { type Credentials, type KubeClient, createKubeClient, kinds, statusOf } from "./index.ts";
import { type HostileAnswer, type HostileRequest, type HostileServer, createHostileServer, refusedPort } from "./testing/hostile-server.ts";

type Handler = (request: HostileRequest, answer: HostileAnswer) => void;

const pod = (name: string, resourceVersion = "5"): object => ({ metadata: { name, namespace: "shop", resourceVersion } });
const podList = (items: unknown, more: object = {}): object => ({
  kind: "PodList",
  apiVersion: "v1",
  metadata: { resourceVersion: "7", ...more },
  items,
});
const failure = (code: number, reason: string): object => ({
  kind: "Status",
  apiVersion: "v1",
  status: "Failure",
  reason,
  code,
  message: `it is ${reason}`,
});

/** Time limits that only a stalled server exceeds, also on a busy machine; tests of stalls take short ones. */
const PATIENT_MS = 10_000;
const IMPATIENT_MS = 150;

function clientFor(url: string, credentials: Credentials = { type: "none" }, attempts = 1, patienceMs = PATIENT_MS): KubeClient {
  return createKubeClient(
    {
      cluster: { server: url, credentials, namespace: "default" },
      headTimeoutMs: patienceMs,
      bodySilenceTimeoutMs: patienceMs,
      connectTimeoutMs: 5_000,
      bodyLimitBytes: 100_000,
      caller: { attempts, backoff: { baseMs: 1, capMs: 2 } },
    },
    { clock: systemClock, random: seededRandom(1) },
  );
}

async function against(
  t: TestContext,
  handler: Handler,
  attempts = 1,
  patienceMs = PATIENT_MS,
): Promise<{ client: KubeClient; server: HostileServer }> {
  const server = await createHostileServer(handler);
  const client = clientFor(server.url, { type: "none" }, attempts, patienceMs);
  t.after(async () => {
    await client.close();
    await server.close();
  });
  return { client, server };
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (thrown) {
    assert.ok(thrown instanceof AppError, `not an AppError: ${String(thrown)}`);
    assert.doesNotMatch(thrown.message, /\n/);
    return thrown.code;
  }
  return "none";
}

const HEAD = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n";
const listErrors: readonly (readonly [what: string, code: string, handler: Handler])[] = [
  ["a connection reset before the head", "KUBE_RESET", (_r, a) => a.reset()],
  ["a connection closed before the head", "KUBE_RESET", (_r, a) => a.end()],
  ["a head that never comes", "KUBE_TIMEOUT_HEAD", () => {}],
  ["a head that stops in the middle", "KUBE_TIMEOUT_HEAD", (_r, a) => a.bytes("HTTP/1.1 200 O")],
  ["a body that stops", "KUBE_TIMEOUT_BODY", (_r, a) => a.bytes(`${HEAD}content-length: 500\r\n\r\n{"kind":"PodList"`)],
  [
    "a body cut short of its content-length",
    "KUBE_TRUNCATED",
    (_r, a) => {
      a.bytes(`${HEAD}content-length: 500\r\n\r\n{"kind":"PodList"`);
      a.end();
    },
  ],
  [
    "a chunked body that is reset",
    "KUBE_TRUNCATED",
    (_r, a) => {
      a.openChunked();
      a.chunk(JSON.stringify(podList([])).slice(0, 30));
      setImmediate(() => a.reset());
    },
  ],
  ["JSON that breaks off within a complete body", "KUBE_TRUNCATED", (_r, a) => a.text(JSON.stringify(podList([pod("a")])).slice(0, -20))],
  ["what is no HTTP", "KUBE_HTTP", (_r, a) => a.bytes("SSH-2.0-OpenSSH_9.2\r\n\r\n")],
  ["an HTML page", "KUBE_NOT_JSON", (_r, a) => a.text("<html>Welcome to nginx!</html>")],
  ["bytes that are no UTF-8", "KUBE_NOT_JSON", (_r, a) => a.bytes(`${HEAD}content-length: 3\r\n\r\n"\xff"`)],
  ["an empty body", "KUBE_NOT_JSON", (_r, a) => a.text("")],
  ["an empty object", "KUBE_WRONG_KIND", (_r, a) => a.json({})],
  ["a Status with HTTP 200", "KUBE_WRONG_KIND", (_r, a) => a.json(failure(500, "InternalError"))],
  ["a list of another kind", "KUBE_WRONG_KIND", (_r, a) => a.json({ ...podList([]), kind: "ServiceList" })],
  ["a list of another group", "KUBE_WRONG_KIND", (_r, a) => a.json({ ...podList([]), apiVersion: "v2" })],
  ["a list without revision", "KUBE_WRONG_KIND", (_r, a) => a.json({ kind: "PodList", apiVersion: "v1", metadata: {}, items: [] })],
  ["a list without items", "KUBE_WRONG_KIND", (_r, a) => a.json({ kind: "PodList", apiVersion: "v1", metadata: { resourceVersion: "7" } })],
  ["items that are no array", "KUBE_WRONG_KIND", (_r, a) => a.json(podList({}))],
  ["null", "KUBE_WRONG_KIND", (_r, a) => a.json(null)],
  ["a body above the limit", "KUBE_TOO_LARGE", (_r, a) => a.json(podList([pod("x".repeat(100_001))]))],
  ["401", "KUBE_UNAUTHORIZED", (_r, a) => a.json(failure(401, "Unauthorized"), 401)],
  ["403", "KUBE_FORBIDDEN", (_r, a) => a.json(failure(403, "Forbidden"), 403)],
  ["404 with a Status", "KUBE_NOT_FOUND", (_r, a) => a.json(failure(404, "NotFound"), 404)],
  ["404 without a Status", "KUBE_NO_SUCH_PATH", (_r, a) => a.text("404 page not found", 404)],
  ["409", "KUBE_CONFLICT", (_r, a) => a.json(failure(409, "Conflict"), 409)],
  ["409 AlreadyExists", "KUBE_ALREADY_EXISTS", (_r, a) => a.json(failure(409, "AlreadyExists"), 409)],
  ["410", "KUBE_EXPIRED", (_r, a) => a.json(failure(410, "Expired"), 410)],
  ["422", "KUBE_INVALID", (_r, a) => a.json(failure(422, "Invalid"), 422)],
  ["429", "KUBE_THROTTLED", (_r, a) => a.json(failure(429, "TooManyRequests"), 429)],
  ["500", "KUBE_SERVER", (_r, a) => a.json(failure(500, "InternalError"), 500)],
  ["503 with HTML", "KUBE_SERVER", (_r, a) => a.text("<html>", 503)],
  ["a redirect", "KUBE_UNEXPECTED_STATUS", (_r, a) => a.bytes("HTTP/1.1 302 Found\r\nlocation: /login\r\ncontent-length: 0\r\n\r\n")],
  ["an error whose body never ends", "KUBE_SERVER", (_r, a) => a.bytes("HTTP/1.1 500 X\r\ncontent-length: 500\r\n\r\noops")],
];

for (const [what, code, handler] of listErrors) {
  test(`a list answered with ${what} fails as ${code} and names no objects`, async (t) => {
    const stalls = code.startsWith("KUBE_TIMEOUT") || what.includes("never ends");
    const { client } = await against(t, handler, 1, stalls ? IMPATIENT_MS : PATIENT_MS);
    assert.equal(await codeOf(client.list(kinds.pods)), code);
  });
}

test("a refused connection fails as KUBE_REFUSED", async (t) => {
  const client = clientFor(`http://127.0.0.1:${await refusedPort()}`);
  t.after(() => client.close());
  assert.equal(await codeOf(client.list(kinds.pods)), "KUBE_REFUSED");
});

test("a TLS handshake with a server that speaks none fails as KUBE_TLS", async (t) => {
  const speaker = createServer((socket) => {
    socket.on("error", () => {});
    socket.end("HTTP/1.1 400 Bad Request\r\n\r\n");
  });
  await new Promise<void>((resolve) => {
    speaker.listen(0, "127.0.0.1", resolve);
  });
  t.after(() => speaker.close());
  const client = clientFor(`https://127.0.0.1:${(speaker.address() as { port: number }).port}`);
  t.after(() => client.close());
  assert.equal(await codeOf(client.list(kinds.pods)), "KUBE_TLS");
});

test("an empty list and Go's null items are lists of nothing", async (t) => {
  const { client, server } = await against(t, (_r, a) => a.json(podList(null)));
  assert.deepEqual(await client.list(kinds.pods), { items: [], poisoned: [], resourceVersion: "7", continueToken: "" });
  server.handle((_r, a) => a.json(podList([])));
  assert.deepEqual((await client.list(kinds.pods)).items, []);
});

test("items that are no objects of their kind are reported alone and the others pass", async (t) => {
  const broken = [
    null,
    7,
    {},
    { metadata: {} },
    { metadata: { name: "a" } },
    { metadata: { name: "b", namespace: "shop" } },
    { kind: "Node", metadata: { name: "c", namespace: "shop", resourceVersion: "1" } },
  ];
  const { client } = await against(t, (_r, a) => a.json(podList([pod("good"), ...broken, pod("also")])));
  const list = await client.list(kinds.pods);
  assert.deepEqual(
    list.items.map(({ metadata }) => metadata.name),
    ["good", "also"],
  );
  assert.deepEqual(
    list.poisoned.map(({ key }) => key),
    [undefined, undefined, undefined, undefined, undefined, "shop/b", "shop/c"],
  );
});

test("a list arriving byte by byte is read whole", async (t) => {
  const body = JSON.stringify(podList([pod("a"), pod("ü")]));
  const { client } = await against(t, (_r, a) => {
    const bytes = Buffer.from(body).toString("latin1");
    a.bytes(`${HEAD}content-length: ${bytes.length}\r\n\r\n`);
    for (const byte of bytes) a.bytes(byte);
  });
  assert.deepEqual(
    (await client.list(kinds.pods)).items.map(({ metadata }) => metadata.name),
    ["a", "ü"],
  );
});

test("a list follows continue tokens and asks for the revision of none", async (t) => {
  const { client, server } = await against(t, (r, a) => {
    if (r.query.get("continue") === "next") a.json(podList([pod("b")]));
    else a.json(podList([pod("a")], { continue: "next" }));
  });
  const list = await client.list(kinds.pods, { namespace: "shop", labelSelector: "app=x", limit: 1 });
  assert.deepEqual(
    list.items.map(({ metadata }) => metadata.name),
    ["a", "b"],
  );
  assert.deepEqual(
    server.requests.map(({ path, query }) => `${path}?${query.toString()}`),
    [
      "/api/v1/namespaces/shop/pods?labelSelector=app%3Dx&limit=1",
      "/api/v1/namespaces/shop/pods?labelSelector=app%3Dx&limit=1&continue=next",
    ],
  );
});

test("pages of different revisions are no list", async (t) => {
  const { client } = await against(t, (r, a) => {
    if (r.query.has("continue")) a.json(podList([], { resourceVersion: "8" }));
    else a.json(podList([pod("a")], { continue: "next" }));
  });
  assert.equal(await codeOf(client.list(kinds.pods)), "KUBE_INCONSISTENT_LIST");
});

test("a list that continues for ever at the same token is broken off", async (t) => {
  const { client } = await against(t, (_r, a) => a.json(podList([], { continue: "again" })));
  assert.equal(await codeOf(client.list(kinds.pods)), "KUBE_INCONSISTENT_LIST");
});

test("throttling waits as long as Retry-After says, then succeeds", async (t) => {
  let calls = 0;
  const { client } = await against(
    t,
    (_r, a) => (++calls === 1 ? a.json(failure(429, "TooManyRequests"), 429, { "retry-after": "1" }) : a.json(podList([]))),
    3,
  );
  const startMs = systemClock.monoMs();
  await client.list(kinds.pods);
  assert.ok(systemClock.monoMs() - startMs >= 990);
});

test("reads are retried after a reset and creates are not", async (t) => {
  const { client, server } = await against(t, (_r, a) => a.reset(), 3);
  assert.equal(await codeOf(client.get(kinds.pods, { name: "a", namespace: "shop" })), "KUBE_RESET");
  assert.equal(server.requests.length, 3);
  const object = { apiVersion: "v1", kind: "Pod", metadata: { name: "a", namespace: "shop" } };
  assert.equal(await codeOf(client.create(kinds.pods, object)), "KUBE_RESET");
  assert.equal(server.requests.length, 4);
});

test("what the server said is kept with the error", async (t) => {
  const { client } = await against(t, (_r, a) => a.json({ ...failure(429, "TooManyRequests"), details: { retryAfterSeconds: 3 } }, 429));
  const error = await client.list(kinds.pods).catch((thrown: unknown) => thrown);
  assert.deepEqual(statusOf(error), { httpStatus: 429, reason: "TooManyRequests", message: "it is TooManyRequests", retryAfterMs: 3_000 });
});

test("a token file is read again after a 401, once", async (t) => {
  const directory = await mkdtemp(join(tmpdir(), "holdfast-token-"));
  t.after(() => rm(directory, { recursive: true, maxRetries: 20, retryDelay: 100 }));
  const path = join(directory, "token");
  await writeFile(path, "old\n");
  const server = await createHostileServer((r, a) => {
    if (r.headers.get("authorization") === "Bearer new") a.json(podList([]));
    else a.json(failure(401, "Unauthorized"), 401);
  });
  t.after(() => server.close());
  const client = clientFor(server.url, { type: "tokenFile", path });
  t.after(() => client.close());
  assert.equal(await codeOf(client.list(kinds.pods)), "KUBE_UNAUTHORIZED");
  assert.equal(server.requests.length, 2);
  await writeFile(path, "new\n");
  await client.list(kinds.pods);
  await rm(path);
  await client.list(kinds.pods);
  assert.deepEqual(
    server.requests.map(({ headers }) => headers.get("authorization")),
    ["Bearer old", "Bearer old", "Bearer old", "Bearer new", "Bearer new"],
  );
});

test("writes go to their paths with their bodies and content types", async (t) => {
  const object = { apiVersion: "v1", kind: "Pod", metadata: { name: "a", namespace: "shop", resourceVersion: "5" } };
  const { client, server } = await against(t, (_r, a) => a.json(object));
  const ref = { name: "a", namespace: "shop" };
  await client.create(kinds.pods, object, { fieldManager: "test", dryRun: true });
  await client.replace(kinds.pods, object);
  await client.patch(kinds.pods, ref, { type: "apply", body: object, force: true }, { fieldManager: "test" });
  await client.patchStatus(kinds.pods, ref, { type: "merge", body: { status: {} } });
  await client.delete(kinds.pods, ref, { gracePeriodSeconds: 0, preconditions: { uid: "u" } });
  await client.createSubresource(kinds.pods, ref, "eviction", {});
  assert.deepEqual(
    server.requests.map((r) => `${r.method} ${r.path}?${r.query.toString()} ${r.headers.get("content-type") ?? ""}`),
    [
      "POST /api/v1/namespaces/shop/pods?fieldManager=test&dryRun=All application/json",
      "PUT /api/v1/namespaces/shop/pods/a? application/json",
      "PATCH /api/v1/namespaces/shop/pods/a?fieldManager=test&force=true application/apply-patch+yaml",
      "PATCH /api/v1/namespaces/shop/pods/a/status? application/merge-patch+json",
      "DELETE /api/v1/namespaces/shop/pods/a? application/json",
      "POST /api/v1/namespaces/shop/pods/a/eviction? application/json",
    ],
  );
  assert.deepEqual(JSON.parse(server.requests[4]?.body ?? ""), {
    kind: "DeleteOptions",
    apiVersion: "v1",
    gracePeriodSeconds: 0,
    preconditions: { uid: "u" },
  });
});

test("names that would change the path are refused or escaped", async (t) => {
  const { client, server } = await against(t, (_r, a) =>
    a.json({ apiVersion: "v1", kind: "Node", metadata: { name: "x", resourceVersion: "1" } }),
  );
  await assert.rejects(async () => client.get(kinds.nodes, { name: ".." }), { code: "KUBE_BAD_REQUEST" });
  await assert.rejects(async () => client.get(kinds.pods, { name: "a" }), { code: "KUBE_BAD_REQUEST" });
  await client.get(kinds.nodes, { name: "a/../b?c" });
  assert.equal(server.requests[0]?.path, "/api/v1/nodes/a%2F..%2Fb%3Fc");
});

test("closing breaks off what is under way", async () => {
  const server = await createHostileServer(() => {});
  const client = clientFor(server.url);
  const pending = codeOf(client.list(kinds.pods));
  await server.seen(1);
  await client.close();
  assert.notEqual(await pending, "none");
  await server.close();
});
