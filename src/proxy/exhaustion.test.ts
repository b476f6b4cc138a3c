import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { Server, type Socket } from "node:net";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { ManualClock } from "../kernel/testing/manual-clock.ts";
import { until } from "../kernel/testing/until.ts";
import { fullBacklog } from "./testing/full-backlog.ts";
import { answersMade, heldUpUpload } from "./testing/held-up.ts";
import { route, startProxy } from "./testing/proxy-under-test.ts";
import { RawClient, RawServer } from "./testing/raw-peers.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const GET = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
const POST = "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 4\r\n\r\nbody";

test("a connect that gets no answer is given up in time and tried on another endpoint, with its body; alone it is a 504", async () => {
  const clock = new ManualClock();
  const full = await fullBacklog();
  const under = await startProxy({ tickMs: 100 }, clock);
  const hanging = `http://127.0.0.1:${full.port}`;
  under.routes([route({ type: "network", address: hanging })]);
  const alone = under.client().send(GET);
  await until("it connects", () => under.metric("holdfast_proxy_upstream_connections") === 1);
  await clock.advance(900);
  assert.equal(alone.received, "");
  await clock.advance(300);
  assert.match(await alone.ended(), /^HTTP\/1\.1 504 .*\(PROXY_CONNECT_TIMEOUT\)/s);
  under.routes([route({ type: "loadBalanced", algorithm: "roundRobin", endpoints: [hanging, `http://127.0.0.1:${under.server.port}`] })]);
  const clients = [under.client().send(POST), under.client().send(POST)];
  for (let served = 0; served < 2; served++) {
    if (served === 1) await clock.advance(1_200);
    const { connection, text } = await under.server.request(4);
    assert.match(text, /\r\n\r\nbody$/);
    connection.send(OK);
  }
  for (const client of clients) assert.match(await client.ended(), /^HTTP\/1\.1 200 .*ok$/s);
  assert.equal(under.metric("holdfast_proxy_retries_total", "connect"), 1);
  assert.equal(under.server.connections.length, 2);
  await under.close();
  await full.close();
});

test("out of file descriptors a request gets 503 and says so, and all is well when there are some again", async () => {
  const server = await new RawServer().listen();
  server.answer(OK);
  const program = fileURLToPath(new URL("../../bench/proxy-alone.ts", import.meta.url));
  const child = spawn("sh", ["-c", 'ulimit -n 60; exec "$@"', "sh", process.execPath, program, "0", String(server.port)], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  const port = await new Promise<number>((resolve) => {
    child.stdout.on("data", (data: Buffer) => resolve(Number(/listening on (\d+)/.exec(data.toString())?.[1])));
  });
  const clients: RawClient[] = [];
  try {
    let last = "";
    while (clients.length < 60 && !last.startsWith("HTTP/1.1 503")) {
      const client = new RawClient(port);
      clients.push(client.send("GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n"));
      last = await client.until(/(?:ok|\)\n)$/).catch(() => "closed");
      // A free connection to the endpoint must not spare the next client its own.
      if (last.endsWith("ok")) for (const { socket } of server.connections) socket.destroy();
    }
    assert.match(last, /^HTTP\/1\.1 503 .*\(PROXY_LOCAL_LIMIT\)/s, `${clients.length} clients`);
    for (const client of clients) client.close();
    let after = "";
    for (let tries = 0; tries < 100 && !after.endsWith("ok"); tries++) {
      const client = new RawClient(port).send(GET);
      clients.push(client);
      after = await client.ended();
    }
    assert.match(after, /^HTTP\/1\.1 200 .*ok$/s);
  } finally {
    for (const client of clients) client.close();
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill();
    await gone;
    await server.close();
  }
});

test("a client that sends requests and takes no answers is held up, and gets every answer when it takes them", async () => {
  const under = await startProxy();
  const body = "b".repeat(10_000);
  under.routes([route({ type: "shunt" }, [{ name: "inlineContent", args: [body] }])]);
  const client = under.client();
  client.socket.pause();
  const count = 20_000;
  client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n".repeat(count));
  const handled = await answersMade(under);
  assert.ok(handled > 0 && handled < count / 2, `${handled} answers of 10 kB were made for a client that takes none`);
  let bytes = 0;
  client.socket.removeAllListeners("data");
  const all = new Promise<void>((resolve) => {
    client.socket.on("data", (data) => {
      bytes += data.length;
      if (bytes >= count * 10_000) resolve();
    });
  });
  client.socket.resume();
  await all;
  await under.close();
});

test("a client that takes no answers is cut off and counted although every request it sent is answered", async () => {
  const clock = new ManualClock();
  const under = await startProxy({ tickMs: 1_000 }, clock);
  under.routes([route({ type: "shunt" }, [{ name: "inlineContent", args: ["b".repeat(10_000)] }])]);
  const client = under.client();
  client.socket.pause();
  client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n".repeat(5_000));
  await answersMade(under);
  assert.equal(under.proxy.stats().inFlight, 0);
  await clock.advance(61_000);
  assert.equal(under.metric("holdfast_proxy_failures_total", "PROXY_CLIENT_STALLED", "false"), 1);
  await until("it is closed", () => under.proxy.stats().connections === 0);
  await under.close();
});

test("the access log as JSON is one object a line, whatever the client sent", async () => {
  const under = await startProxy({ accessLog: { format: "json" } });
  under.server.answer(OK);
  await under.exchange('GET /a"b HTTP/1.1\r\nHost: a\r\nConnection: close\r\nUser-Agent: x"\\ \xff\x85\r\n\r\n');
  under.routes([], [], "live");
  await under.exchange("GET /none HTTP/1.0\r\n\r\n");
  await under.proxy.close({ timeoutMs: 0 });
  const [first, second] = under.logLines.map((line) => JSON.parse(line) as Record<string, unknown>);
  assert.equal(under.logLines.length, 2);
  const times = { time: 0, durationMs: 0, filterMs: 0, connectMs: 0, responseMs: 0, transferMs: 0 };
  assert.deepEqual(
    { ...first, ...times },
    {
      ...times,
      client: "127.0.0.1",
      method: "GET",
      target: '/a"b',
      proto: "HTTP/1.1",
      status: 200,
      requestMs: 0,
      requestBytes: 0,
      responseBytes: 2,
      attempts: 1,
      referer: "",
      userAgent: 'x"\\ \xff\x85',
      host: "a",
      route: "all",
      endpoint: `127.0.0.1:${under.server.port}`,
      failure: "",
    },
  );
  assert.match(String(first?.["time"]), /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  assert.equal(second?.["failure"], "PROXY_NO_ROUTE");
  assert.equal(second?.["proto"], "HTTP/1.0");
  await under.close();
});

test("a socket whose handle can not be told where to read to is served all the same", async (context) => {
  const emit = Server.prototype.emit;
  context.after(() => {
    Server.prototype.emit = emit;
  });
  let shadowed = 0;
  Server.prototype.emit = function (this: Server, event: string, ...values: unknown[]): boolean {
    if (event === "connection") {
      const handle = (values[0] as Socket & { _handle: object })._handle;
      Object.defineProperty(handle, "useUserBuffer", { value: undefined });
      shadowed++;
    }
    return emit.call(this, event as "connection", ...(values as [Socket]));
  };
  const under = await startProxy();
  under.server.onData = (connection) => {
    const head = connection.received.indexOf("\r\n\r\n");
    const length = Number(/content-length: (\d+)/i.exec(connection.received)?.[1] ?? 0);
    const request = head < 0 ? undefined : connection.takeRequest(length);
    if (request !== undefined) connection.send(`HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\n${request.slice(head + 4)}`);
  };
  const client = under.client();
  const upload = "u".repeat(3_000_000);
  client.send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${upload.length}\r\n\r\n${upload}${GET}`);
  const got = await client.ended();
  assert.ok(shadowed > 0);
  assert.equal(got.indexOf(upload) > 0, true);
  assert.match(got.slice(got.indexOf(upload) + upload.length), /^HTTP\/1\.1 200 .*\r\n\r\n$/s);
  await under.close();
});

test("an endpoint that stops taking an upload is given up in time, and the client hears so", async () => {
  const clock = new ManualClock();
  const under = await startProxy({ tickMs: 100 }, clock);
  const { client } = await heldUpUpload(under, 64 * 1024 * 1024);
  await clock.advance(59_000);
  assert.equal(client.received, "");
  await clock.advance(2_000);
  await client.until("PROXY_UPSTREAM_TIMEOUT");
  assert.match(client.received, /^HTTP\/1\.1 504 [^]*\r\nConnection: close\r\n/);
  assert.equal(under.proxy.stats().upstreamInFlight, 0);
  await under.close();
});
