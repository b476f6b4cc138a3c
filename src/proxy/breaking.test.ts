import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../kernel/testing/manual-clock.ts";
import { type ProxyUnderTest, route, startProxy } from "./testing/proxy-under-test.ts";
import type { RawClient, RawConnection } from "./testing/raw-peers.ts";

/** How a client's connection came to its end: `end` looks whole, `reset` does not. */
function endingOf(client: RawClient): Promise<"end" | "reset"> {
  return new Promise((resolve) => {
    client.socket.once("end", () => resolve("end"));
    client.socket.once("error", (error: NodeJS.ErrnoException) => {
      assert.equal(error.code, "ECONNRESET");
      resolve("reset");
    });
  });
}

async function answerBegun(under: ProxyUnderTest, request: string, answer: string): Promise<[RawClient, RawConnection]> {
  const client = under.client().send(request);
  const { connection } = await under.server.request();
  connection.send(answer);
  await client.until("half");
  return [client, connection];
}

const OLD_GET = "GET / HTTP/1.0\r\nHost: a\r\n\r\n";
const UNFRAMED = "HTTP/1.1 200 OK\r\n\r\nhalf";
const CHUNKED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n";

test("an answer whose end is that of the connection ends with a reset when it is cut off, whatever cut it off", async () => {
  const cuts: readonly (readonly [string, (under: ProxyUnderTest, connection: RawConnection) => unknown])[] = [
    [CHUNKED, (_, connection) => connection.socket.end()],
    [CHUNKED, (_, connection) => connection.socket.resetAndDestroy()],
    [CHUNKED, (_, connection) => connection.send("zz\r\n")],
    [UNFRAMED, (_, connection) => connection.socket.resetAndDestroy()],
    [UNFRAMED, (under) => under.proxy.close({ timeoutMs: 0 })],
  ];
  for (const [answer, cut] of cuts) {
    const under = await startProxy();
    const [client, connection] = await answerBegun(under, OLD_GET, answer);
    const ending = endingOf(client);
    await cut(under, connection);
    assert.equal(await ending, "reset", `${JSON.stringify(answer)} ${cut.toString()}`);
    await under.close();
  }
});

test("an answer that says how long it is ends plainly when it is cut off; one that is whole always does", async () => {
  const under = await startProxy();
  const [framed, framedEndpoint] = await answerBegun(
    under,
    "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf",
  );
  const framedEnding = endingOf(framed);
  framedEndpoint.socket.resetAndDestroy();
  assert.equal(await framedEnding, "end");
  const [whole, wholeEndpoint] = await answerBegun(under, OLD_GET, UNFRAMED);
  const wholeEnding = endingOf(whole);
  wholeEndpoint.socket.end("+half");
  assert.equal(await wholeEnding, "end");
  assert.match(whole.received, /\r\n\r\nhalf\+half$/);
  await under.close();
});

test("a response body that stands still too long is cut off at both ends", async () => {
  const clock = new ManualClock();
  const under = await startProxy({ tickMs: 100 }, clock);
  const [client, connection] = await answerBegun(
    under,
    "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\nhalf",
  );
  await clock.advance(119_000);
  connection.send("more");
  await client.until("more");
  await clock.advance(119_000);
  assert.equal(client.hasEnded, false, "each piece starts the time anew");
  await clock.advance(2_000);
  assert.match(await client.ended(), /halfmore$/);
  await under.server.when(() => connection.hasEnded);
  assert.equal(under.metric("holdfast_proxy_failures_total", "PROXY_UPSTREAM_TRUNCATED", "true"), 1);
  await under.close();
});

const UPGRADE = "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
const SWITCHED = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nhalf";

test("a tunnel is idle only when nothing moves in either direction", async () => {
  const clock = new ManualClock();
  const under = await startProxy({ tickMs: 100 }, clock);
  const [client, connection] = await answerBegun(under, UPGRADE, SWITCHED);
  for (let turn = 0; turn < 3; turn++) {
    await clock.advance(500_000);
    client.send("up");
    await under.server.when(() => connection.received === "up");
    connection.received = "";
  }
  for (let turn = 0; turn < 3; turn++) {
    await clock.advance(500_000);
    client.clear();
    connection.send("down");
    await client.until("down");
  }
  assert.equal(client.hasEnded, false);
  const ending = endingOf(client);
  await clock.advance(601_000);
  assert.equal(await ending, "reset");
  await under.server.when(() => connection.isClosed);
  assert.equal(under.proxy.stats().inFlight, 0);
  assert.equal(under.proxy.stats().upstreamInFlight, 0);
  await under.close();
});

test("what is under way in a tunnel arrives although the other direction has ended before", async () => {
  const under = await startProxy();
  const [client, connection] = await answerBegun(under, UPGRADE, SWITCHED);
  connection.socket.end();
  await client.ended();
  connection.socket.pause();
  const sent = "x".repeat(8_000_000);
  client.send(sent);
  client.socket.end();
  connection.socket.resume();
  await under.server.when(() => connection.hasEnded || connection.isClosed);
  assert.equal(connection.received.length, sent.length);
  await under.close();
});

test("a connection that the client does not close after the last answer is closed for it, whatever it still sends", async () => {
  const clock = new ManualClock();
  const under = await startProxy({ tickMs: 100 }, clock);
  under.routes([route({ type: "shunt" })]);
  const silent = under.client().send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  const talking = under.client().send("nonsense\r\n\r\n");
  await silent.ended();
  await talking.ended();
  assert.equal(under.proxy.stats().connections, 2);
  await clock.advance(1_000);
  talking.send("GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n");
  await clock.advance(500);
  assert.equal(under.proxy.stats().connections, 2);
  await clock.advance(1_000);
  assert.equal(under.proxy.stats().connections, 0);
  assert.equal(talking.received.match(/HTTP\/1\.1 \d/g)?.length, 1);
  await under.close();
});
