import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:net";
import { type TLSSocket, connect } from "node:tls";
import { after, test } from "node:test";
import { AppError } from "../../kernel/index.ts";
import { silentLog } from "../../telemetry/index.ts";
import { compareVersions } from "./discovery.ts";
import { createApiServer } from "./index.ts";
import { type Json, stringAt, textOf, valueAt } from "./json.ts";
import { startApiServer } from "./testing/index.ts";

test("the port speaks HTTPS too, with a certificate that the kubeconfig vouches for", async (t) => {
  const server = await startApiServer();
  t.after(() => server.close());
  const kubeconfig = JSON.parse(await readFile(server.kubeconfigFile, "utf8")) as Json;
  const authority = Buffer.from(textOf(valueAt(kubeconfig, "clusters", 0, "cluster", "certificate-authority-data")), "base64");
  const url = new URL(server.url);
  const socket: TLSSocket = connect({ host: url.hostname, port: Number(url.port), ca: authority });
  await once(socket, "secureConnect");
  assert.equal(socket.authorized, true);
  socket.end("GET /healthz HTTP/1.1\r\nHost: lab\r\nConnection: close\r\n\r\n");
  let text = "";
  for await (const chunk of socket as AsyncIterable<Buffer>) text += chunk.toString();
  assert.match(text, /^HTTP\/1\.1 200 OK\r\n[^]*ok$/);
});

test("a protobuf body is read as the Go client meant it", async (t) => {
  const server = await startApiServer();
  t.after(() => server.close());
  const field = (number: number, content: Buffer | string): Buffer =>
    Buffer.concat([Buffer.from([(number << 3) | 2, content.length]), Buffer.from(content)]);
  const envelope = (kind: string, raw: Buffer): Buffer =>
    Buffer.concat([Buffer.from("k8s\0"), field(1, Buffer.concat([field(1, "v1"), field(2, kind)])), field(2, raw)]);
  // metadata { name: "made", namespace: "", labels { a: "b" } }, data { k: "v" }
  const metadata = Buffer.concat([field(1, "made"), field(3, ""), field(11, Buffer.concat([field(1, "a"), field(2, "b")]))]);
  const raw = Buffer.concat([field(1, metadata), field(2, Buffer.concat([field(1, "k"), field(2, "v")]))]);
  const post = async (body: Buffer): Promise<{ code: number; body: Json }> => {
    const response = await fetch(`${server.url}/api/v1/namespaces/default/configmaps`, {
      method: "POST",
      headers: { authorization: `Bearer ${server.adminToken}`, "content-type": "application/vnd.kubernetes.protobuf" },
      body: new Uint8Array(body),
    });
    return { code: response.status, body: (await response.json()) as Json };
  };
  const made = await post(envelope("ConfigMap", raw));
  assert.equal(made.code, 201);
  assert.deepEqual(
    [valueAt(made.body, "data"), valueAt(made.body, "metadata", "labels"), stringAt(made.body, "metadata", "name")],
    [{ k: "v" }, { a: "b" }, "made"],
  );
  const whole = envelope("ConfigMap", raw);
  for (let length = 1; length < whole.length; length++)
    assert.ok((await post(whole.subarray(0, length))).code >= 400, `cut after ${length} bytes`);
});

const shared = startApiServer({ maxBodyBytes: 64 * 1024 });
after(async () => (await shared).close());

for (const [why, method, path, body, type, code, message] of [
  [
    "a body that is not JSON",
    "POST",
    "/api/v1/namespaces/default/configmaps",
    "{",
    "application/json",
    400,
    /cannot be read as application\/json/,
  ],
  [
    "an object of another kind",
    "POST",
    "/api/v1/namespaces/default/configmaps",
    '{"kind":"Pod","metadata":{"name":"a"}}',
    "application/json",
    400,
    /the object in the body is v1 Pod/,
  ],
  ["a list for an object", "POST", "/api/v1/namespaces/default/configmaps", "[]", "application/json", 400, /no object in its body/],
  [
    "nesting without end",
    "POST",
    "/api/v1/namespaces/default/configmaps",
    `{"metadata":{"name":"a"},"data":${"[".repeat(5000)}${"]".repeat(5000)}}`,
    "application/json",
    400,
    /nested deeper than/,
  ],
  ["another media type", "POST", "/api/v1/namespaces/default/configmaps", "<a/>", "application/xml", 415, /unknown format/],
  [
    "a namespace that is not there",
    "POST",
    "/api/v1/namespaces/none/configmaps",
    '{"metadata":{"name":"a"}}',
    "application/json",
    404,
    /namespaces "none" not found/,
  ],
  [
    "a shell in a pod",
    "POST",
    "/api/v1/namespaces/default/pods/a/exec",
    "",
    "application/json",
    501,
    /the lab has no exec: .*processes of this machine/,
  ],
  [
    "a tunnel to a pod",
    "GET",
    "/api/v1/namespaces/default/pods/a/portforward",
    "",
    "application/json",
    501,
    /ask its address \(kubectl get pods -o wide\)/,
  ],
  ["a kind that is not there", "GET", "/apis/apps/v1/things", "", "application/json", 404, /could not find the requested resource/],
  [
    "a method that is not there",
    "POST",
    "/api/v1/namespaces/default/configmaps/a",
    "{}",
    "application/json",
    405,
    /does not allow this method/,
  ],
  ["a broken path", "GET", "/api/v1/namespaces/%ff/configmaps", "", "application/json", 400, /not percent-encoded/],
  ["a continue token of nobody", "GET", "/api/v1/configmaps?continue=abc", "", "application/json", 400, /continue key is not valid/],
  [
    "a revision from the future",
    "GET",
    "/api/v1/configmaps?resourceVersion=999999",
    "",
    "application/json",
    504,
    /Too large resource version/,
  ],
  [
    "a body of more than the limit",
    "POST",
    "/api/v1/namespaces/default/configmaps",
    `{"data":{"a":"${"x".repeat(64 * 1024)}"}}`,
    "application/json",
    413,
    /limit is 65536/,
  ],
] as const) {
  test(`${why} is answered ${code} with a Status that says why`, async () => {
    const server = await shared;
    const answer = await server.call(method, path, body, { "content-type": type });
    assert.equal(answer.code, code, JSON.stringify(answer.body));
    assert.equal(stringAt(answer.body as Json, "kind"), "Status");
    assert.match(stringAt(answer.body as Json, "message") ?? "", message);
  });
}

for (const [field, value] of [
  ["labels", "text"],
  ["labels", { a: 1 }],
  ["annotations", ["a"]],
  ["finalizers", "text"],
  ["finalizers", ["not ok"]],
  ["ownerReferences", [{ kind: "Pod" }]],
  ["ownerReferences", { kind: "Pod" }],
] as const) {
  test(`metadata.${field} of ${JSON.stringify(value)} is refused, when made and when patched`, async () => {
    const server = await shared;
    const path = "/api/v1/namespaces/default/configmaps";
    const made = await server.call("POST", path, { metadata: { name: "odd", [field]: value } });
    assert.equal(made.code, 422, JSON.stringify(made.body));
    assert.match(stringAt(made.body as Json, "message") ?? "", new RegExp(`metadata\\.${field}`));
    await server.call("POST", path, { metadata: { name: "fine" } });
    const patched = await server.call(
      "PATCH",
      `${path}/fine`,
      { metadata: { [field]: value } },
      { "content-type": "application/merge-patch+json" },
    );
    assert.equal(patched.code, 422);
  });
}

test("a group that is not served is answered 404 in plain text, as by a kube-apiserver", async () => {
  const server = await shared;
  assert.deepEqual(await server.call("GET", "/apis/example.org/v1/things"), { code: 404, body: "404 page not found\n" });
});

test("a key __proto__ in a body changes no prototype", async (t) => {
  const server = await startApiServer();
  t.after(() => server.close());
  const made = await server.call(
    "POST",
    "/api/v1/namespaces/default/configmaps",
    '{"metadata":{"name":"a","annotations":{"__proto__":"x"}},"data":{"\\u005f_proto__":"y","k":"v"}}',
  );
  assert.equal(made.code, 201);
  assert.deepEqual(valueAt(made.body as Json, "data"), { k: "v" });
});

test("a port in use is told in one line", async () => {
  const taken = createServer().listen(0, "127.0.0.1");
  await once(taken, "listening");
  const address = taken.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const start = createApiServer(
    { listen: { host: "127.0.0.1", port }, storeFile: ":memory:", tokens: [{ token: "t", user: "u", groups: [] }] },
    { log: silentLog },
  );
  await assert.rejects(
    start,
    (error) => error instanceof AppError && error.code === "LAB_APISERVER_LISTEN" && !error.message.includes("\n"),
  );
  taken.close();
});

for (const [field, change] of [
  ["listen", { listen: 1 }],
  ["listen.port", { listen: { host: "127.0.0.1", port: 99_999 } }],
  ["storeFile", { storeFile: "" }],
  ["tokens", { tokens: [] }],
  ["tokens[0].user", { tokens: [{ token: "t" }] }],
  ["serviceCidr", { serviceCidr: "10.0.0.0/30" }],
  ["watchWindow", { watchWindow: 0 }],
] as const) {
  test(`a configuration whose ${field} is wrong is refused by its name`, async () => {
    const config = {
      listen: { host: "127.0.0.1", port: 0 },
      storeFile: ":memory:",
      tokens: [{ token: "t", user: "u", groups: [] }],
      ...change,
    };
    await assert.rejects(
      createApiServer(config as never, { log: silentLog }),
      (error) => error instanceof AppError && error.code === "LAB_APISERVER_CONFIG" && error.message.includes(`${field} must be`),
    );
  });
}

test("versions are ordered as clients should prefer them", () => {
  assert.deepEqual(["v1alpha1", "v2", "v1", "foo", "v1beta2", "v10"].toSorted(compareVersions), [
    "v10",
    "v2",
    "v1",
    "v1beta2",
    "v1alpha1",
    "foo",
  ]);
});

test("metrics tell requests, objects and the heap with its limit", async (t) => {
  const server = await startApiServer();
  t.after(() => server.close());
  await server.call("GET", "/api/v1/namespaces");
  const text = String((await server.call("GET", "/metrics")).body);
  assert.match(text, /apiserver_request_total\{verb="list",resource="namespaces",code="200"\} 1/);
  assert.match(text, /apiserver_storage_objects\{resource="namespaces"\} 4/);
  assert.match(text, /process_resident_memory_bytes \d+/);
  const memory = (await server.call("GET", "/lab/memory")).body as Record<string, number>;
  assert.ok((memory["heapUsedBytes"] ?? 0) > 0 && (memory["heapUsedBytes"] ?? 0) < (memory["heapLimitBytes"] ?? 0));
});
