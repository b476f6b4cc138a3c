import assert from "node:assert/strict";
import { once } from "node:events";
import { type Server, type Socket, createServer } from "node:net";
import { type TestContext, test } from "node:test";
import { type Json, stringAt } from "./json.ts";
import { type TestApiServer, startApiServer } from "./testing/index.ts";

const PODS = "/api/v1/namespaces/default/pods";

/** A kubelet that does with each connection what `serve` says, and a pod of two containers on its node. */
async function cluster(t: TestContext, serve: (socket: Socket) => void): Promise<TestApiServer> {
  const server = await startApiServer();
  const kubelet: Server = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => serve(socket));
  });
  kubelet.listen(0, "127.0.0.1");
  await once(kubelet, "listening");
  t.after(async () => {
    await server.close();
    kubelet.close();
  });
  const address = kubelet.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const status = { addresses: [{ type: "InternalIP", address: "127.0.0.1" }], daemonEndpoints: { kubeletEndpoint: { Port: port } } };
  await server.call("POST", "/api/v1/nodes", { metadata: { name: "n" }, status });
  await server.call("POST", "/api/v1/nodes", {
    metadata: { name: "far" },
    status: { addresses: [{ type: "InternalIP", address: "192.0.2.1" }] },
  });
  const containers = [
    { name: "a", image: "i" },
    { name: "b", image: "i" },
  ];
  for (const [name, nodeName] of [
    ["placed", "n"],
    ["pending", undefined],
    ["far", "far"],
  ] as const) {
    await server.call("POST", PODS, { metadata: { name }, spec: { containers, ...(nodeName === undefined ? {} : { nodeName }) } });
  }
  return server;
}

test("a kubelet that resets in the middle of a log ends that answer and nothing else", async (t) => {
  const server = await cluster(t, (socket) => {
    socket.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nfirst\n\r\n", () => socket.resetAndDestroy());
  });
  await assert.rejects(server.call("GET", `${PODS}/placed/log?container=a&follow=true`));
  assert.equal((await server.call("GET", "/readyz")).code, 200);
});

test("a kubelet that refuses is told with what it said", async (t) => {
  const server = await cluster(t, (socket) =>
    socket.end("HTTP/1.1 404 Not Found\r\nContent-Length: 12\r\nConnection: close\r\n\r\nno container"),
  );
  const answer = await server.call("GET", `${PODS}/placed/log?container=b`);
  assert.deepEqual([answer.code, stringAt(answer.body as Json, "message")], [404, "no container"]);
});

test("a log is refused for a container that is not named or not there, a pod on no node, a node elsewhere", async (t) => {
  const server = await cluster(t, (socket) => socket.destroy());
  const message = async (path: string): Promise<[number, string]> => {
    const { code, body } = await server.call("GET", `${PODS}/${path}`);
    return [code, stringAt(body as Json, "message") ?? ""];
  };
  assert.deepEqual(await message("placed/log"), [400, "a container name must be specified for pod placed, choose one of: [a b]"]);
  assert.deepEqual(await message("placed/log?container=z"), [400, "container z is not valid for pod placed"]);
  assert.deepEqual(await message("pending/log?container=a"), [400, "pod pending does not have a host assigned"]);
  assert.match((await message("far/log?container=a"))[1], /node "far" has no InternalIP in 127\.0\.0\.0\/8/);
  assert.equal((await message("placed/log?container=a"))[0], 500);
});
