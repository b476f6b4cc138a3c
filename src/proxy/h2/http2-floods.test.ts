import assert from "node:assert/strict";
import { type TestContext, describe, it } from "node:test";
import type { ProxyOptionsInput } from "../options.ts";
import { type ProxyUnderTest, startProxy } from "../testing/proxy-under-test.ts";
import { RawClient } from "../testing/raw-peers.ts";
import { defaultHttp2Limits } from "./options.ts";

const Type = { data: 0, headers: 1, settings: 4, ping: 6, continuation: 9 } as const;

/** RFC 9113 section 4.1, as latin1. */
function frame(type: number, flags: number, stream: number, payload: Buffer): string {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]).toString("latin1");
}

const NOTHING = Buffer.alloc(0);
const HELLO = `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${frame(Type.settings, 0, 0, NOTHING)}`;
/** GET http / of example.org: three of the static table, one written out (RFC 7541). */
const GET = Buffer.concat([Buffer.from([0x82, 0x86, 0x84, 0x41, 11]), Buffer.from("example.org")]);
const ENDS = ["resets", "flood", "refused", "invalid", "protocol", "timeout", "memory"];

async function attack(
  t: TestContext,
  options: ProxyOptionsInput = {},
): Promise<{ readonly under: ProxyUnderTest; readonly attacker: RawClient; isServing(): Promise<boolean> }> {
  const under = await startProxy(options);
  under.server.answer("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  const { port } = await under.proxy.listen({ host: "127.0.0.1", port: 0, http2: true });
  const attacker = new RawClient(port);
  const others: RawClient[] = [];
  t.after(async () => {
    for (const client of [attacker, ...others]) client.close();
    await under.close();
  });
  attacker.send(HELLO);
  return {
    under,
    attacker,
    async isServing() {
      const other = new RawClient(port);
      others.push(other);
      return (await other.send("GET / HTTP/1.1\r\nHost: example.org\r\nConnection: close\r\n\r\n").ended()).endsWith("ok");
    },
  };
}

function ended(under: ProxyUnderTest): number {
  return ENDS.reduce((sum, cause) => sum + under.metric("holdfast_http2_connections_ended_total", cause), 0);
}

describe("a connection of HTTP/2 is ended, counted, and others are served, when it sends", () => {
  it("a head in CONTINUATION frames without end", async (t) => {
    const { under, attacker, isServing } = await attack(t);
    attacker.send(frame(Type.headers, 1, 1, GET) + frame(Type.continuation, 0, 1, Buffer.from([0x82])).repeat(5_000));
    await attacker.ended();
    assert.equal(ended(under), 1);
    assert.equal(under.server.connections.length, 0);
    assert.equal(await isServing(), true);
  });

  for (const [name, one] of [
    ["PING", frame(Type.ping, 0, 0, Buffer.alloc(8))],
    ["SETTINGS", frame(Type.settings, 0, 0, NOTHING)],
  ] as const) {
    it(`${name} frames faster than it takes their answers`, async (t) => {
      const { under, attacker, isServing } = await attack(t);
      await attacker.until(/./);
      attacker.socket.pause();
      attacker.send(one.repeat(60_000));
      while (ended(under) === 0) await new Promise((resolve) => setImmediate(resolve));
      attacker.socket.resume();
      await attacker.ended();
      assert.equal(under.metric("holdfast_http2_connections_ended_total", "flood"), 1);
      assert.equal(await isServing(), true);
    });
  }

  it("DATA frames with nothing in them, without end", async (t) => {
    const { under, attacker, isServing } = await attack(t);
    attacker.send(frame(Type.headers, 4, 1, GET) + frame(Type.data, 0, 1, NOTHING).repeat(defaultHttp2Limits.invalidFrames + 10));
    await attacker.ended();
    assert.equal(under.metric("holdfast_http2_connections_ended_total", "invalid"), 1);
    assert.equal(await isServing(), true);
  });

  it("a frame of the wrong size", async (t) => {
    const { under, attacker, isServing } = await attack(t);
    attacker.send(frame(Type.ping, 0, 0, Buffer.alloc(3)));
    await attacker.ended();
    assert.equal(ended(under), 1);
    assert.equal(await isServing(), true);
  });
});

describe("HTTP/2 with more than was agreed", () => {
  it("ends a connection with more streams at once than it acknowledged, and lets go of their endpoints", async (t) => {
    const { under, attacker, isServing } = await attack(t);
    under.server.onData = undefined;
    await attacker.until(/./);
    attacker.send(frame(Type.settings, 1, 0, NOTHING));
    let heads = "";
    for (let stream = 1; stream < 2 * defaultHttp2Limits.concurrentStreams + 100; stream += 2) heads += frame(Type.headers, 5, stream, GET);
    attacker.send(heads);
    await attacker.ended();
    assert.equal(ended(under), 1);
    assert.equal(under.metric("holdfast_http2_streams_total"), defaultHttp2Limits.concurrentStreams);
    assert.equal(under.metric("holdfast_proxy_requests_in_flight"), 0);
    await under.server.when(() => under.server.connections.every(({ hasEnded }) => hasEnded));
    under.server.answer("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    assert.equal(await isServing(), true);
  });

  it("refuses a head that is small on the wire and large behind it (RFC 7541 section 7.3), and nothing of it reaches an endpoint", async (t) => {
    const { under, attacker, isServing } = await attack(t);
    // One field of 3,000 bytes for the dynamic table, and then a byte for each time that it is meant again.
    const bomb = Buffer.concat([GET, Buffer.from([0x40, 1, 0x61, 0x7f, 0xb9, 0x16]), Buffer.alloc(3_000, 0x78), Buffer.alloc(100, 0xbe)]);
    attacker.send(frame(Type.headers, 5, 1, bomb));
    await attacker.until("WIRE_HEAD_TOO_LARGE");
    assert.equal(under.server.connections.length, 0);
    assert.equal(await isServing(), true);
  });

  it("gives up streams whose windows stay shut, counted, and lets go of their endpoints", async (t) => {
    const { under, attacker, isServing } = await attack(t, { timeouts: { writeStallMs: 200 } });
    under.server.answer(`HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n${"x".repeat(1_000_000)}`);
    const noWindow = Buffer.from([0, 4, 0, 0, 0, 0]);
    let frames = frame(Type.settings, 0, 0, noWindow);
    for (let stream = 1; stream < 40; stream += 2) frames += frame(Type.headers, 5, stream, GET);
    attacker.send(frames);
    const stalled = (): number => under.metric("holdfast_proxy_failures_total", "PROXY_CLIENT_STALLED", "false");
    while (stalled() < 20) await new Promise((resolve) => setImmediate(resolve));
    assert.equal(under.metric("holdfast_proxy_requests_in_flight"), 0);
    await under.server.when(() => under.server.connections.every(({ hasEnded, isClosed }) => hasEnded || isClosed));
    under.server.answer("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    assert.equal(await isServing(), true);
  });

  it("refuses a head with too many fields, and nothing of it reaches an endpoint", async (t) => {
    const { under, attacker, isServing } = await attack(t);
    const fields = Buffer.concat([GET, ...Array.from({ length: 300 }, () => Buffer.from([0x0f, 0x04, 1, 0x61]))]);
    attacker.send(frame(Type.headers, 5, 1, fields));
    // RST_STREAM of stream 1.
    await attacker.until(/\x00\x00\x04\x03\x00\x00\x00\x00\x01/);
    assert.equal(under.server.connections.length, 0);
    assert.equal(await isServing(), true);
  });
});
