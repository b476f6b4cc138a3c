import assert from "node:assert/strict";
import { test } from "node:test";
import { until } from "../kernel/testing/until.ts";
import { type ProxyUnderTest, startProxy } from "./testing/proxy-under-test.ts";
import type { RawClient, RawConnection } from "./testing/raw-peers.ts";

const UPGRADE = "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
const SWITCHED = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";

async function tunnel(under: ProxyUnderTest): Promise<[RawClient, RawConnection]> {
  const client = under.client().send(UPGRADE);
  const { connection } = await under.server.request();
  connection.send(SWITCHED);
  await client.until("\r\n\r\n");
  client.clear();
  return [client, connection];
}

const BLOCK = "x".repeat(32_768);

/** Sends blocks, each when the one before has passed, until one does not pass: nobody takes them. Returns how many did. */
async function blocksUntilFull(under: ProxyUnderTest, metric: string, send: () => void): Promise<number> {
  for (let blocks = 0; ; blocks++) {
    const before = under.metric(metric);
    send();
    for (let turn = 0; under.metric(metric) < before + BLOCK.length; turn++) {
      if (turn === 40) return blocks;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}

async function sendBlocks(under: ProxyUnderTest, metric: string, blocks: number, send: () => void): Promise<void> {
  for (let block = 0; block < blocks; block++) {
    const before = under.metric(metric);
    send();
    while (under.metric(metric) < before + BLOCK.length) await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

test("what a client sends behind the endpoint's end arrives whole at a slow endpoint, with a plain end", async () => {
  const under = await startProxy();
  const receivedBytes = "holdfast_proxy_received_bytes_total";
  const [first, firstConnection] = await tunnel(under);
  firstConnection.socket.pause();
  const blocks = await blocksUntilFull(under, receivedBytes, () => first.send(BLOCK));
  for (const left of [3, 2, 1]) {
    const [client, connection] = await tunnel(under);
    connection.socket.pause();
    connection.socket.end();
    await client.ended();
    await sendBlocks(under, receivedBytes, blocks - left, () => client.send(BLOCK));
    client.socket.end();
    await new Promise((resolve) => client.socket.once("close", resolve));
    connection.socket.resume();
    await under.server.when(() => connection.hasEnded || connection.isClosed);
    assert.equal(connection.received.length, (blocks - left) * BLOCK.length);
    assert.equal(connection.hasEnded, true);
  }
  await under.close();
});

test("a client that breaks its tunnel breaks the endpoint's side: its stream has not come to its end", async () => {
  const under = await startProxy();
  const [client, connection] = await tunnel(under);
  const ending = new Promise((resolve) => {
    connection.socket.once("end", () => resolve("end"));
    connection.socket.once("error", (error: NodeJS.ErrnoException) => resolve(error.code));
  });
  client.socket.resetAndDestroy();
  assert.equal(await ending, "ECONNRESET");
  assert.equal(under.proxy.stats().inFlight, 0);
  await under.close();
});

test("a client that takes nothing more of a tunnel whose endpoint has ended is let go of", async () => {
  const under = await startProxy({ timeouts: { writeStallMs: 100 } });
  const [client, connection] = await tunnel(under);
  client.socket.pause();
  connection.socket.end(Buffer.alloc(16_000_000, "x"));
  await until(
    "neither is kept",
    () => under.metric("holdfast_proxy_client_connections") + under.metric("holdfast_proxy_upstream_connections") === 0,
  );
  await under.close();
});
