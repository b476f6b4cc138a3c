import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { type Socket, connect } from "node:net";
import { test } from "node:test";
import * as fc from "fast-check";
import { exchange, proxyUnderTest, tcpServer } from "../testing/kit.ts";

const MILLION = randomBytes(1_000_000);

/** Reads until the end, then answers the same and ends. */
function mirror(socket: Socket): void {
  const pieces: Buffer[] = [];
  socket.on("data", (piece: Buffer) => pieces.push(piece));
  socket.on("end", () => socket.end(Buffer.concat(pieces)));
}

/** Answers each piece at once. */
function echo(socket: Socket): void {
  socket.pipe(socket);
}

test("a million bytes go through whole in both directions, whatever toxics that lose nothing are in their way", async (t) => {
  const proxy = await proxyUnderTest(t);
  const port = await proxy.before("a", await tcpServer(t, mirror));
  const stream = fc.constantFrom("upstream", "downstream");
  const toxic = fc.oneof(
    fc.record({
      type: fc.constant("latency"),
      stream,
      attributes: fc.record({ latency: fc.integer({ min: 0, max: 20 }), jitter: fc.integer({ min: 0, max: 20 }) }),
    }),
    fc.record({ type: fc.constant("bandwidth"), stream, attributes: fc.record({ rate: fc.integer({ min: 8_000, max: 50_000 }) }) }),
    fc.record({ type: fc.constant("slow_close"), stream, attributes: fc.record({ delay: fc.integer({ min: 0, max: 20 }) }) }),
    fc.record({
      type: fc.constant("slicer"),
      stream,
      attributes: fc.record({ average_size: fc.integer({ min: 500, max: 60_000 }), size_variation: fc.integer({ min: 0, max: 400 }) }),
    }),
    fc.record({ type: fc.constant("limit_data"), stream, attributes: fc.constant({ bytes: 1_000_001 }) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(toxic, { maxLength: 4 }), fc.array(toxic, { maxLength: 3 }), async (before, during) => {
      await proxy.call("POST", "/reset");
      for (const [at, one] of before.entries()) await proxy.call("POST", "/proxies/a/toxics", { ...one, name: `before-${at}` });
      const answer = exchange(port, MILLION);
      // Toxics that come and go while bytes are under way lose none of them.
      for (const [at, one] of during.entries()) await proxy.call("POST", "/proxies/a/toxics", { ...one, name: `during-${at}` });
      for (const at of before.keys()) await proxy.call("DELETE", `/proxies/a/toxics/before-${at}`);
      const { bytes, end } = await answer;
      assert.equal(end, "end");
      assert.ok(bytes.equals(MILLION), `${bytes.length} bytes came back`);
    }),
    { numRuns: 12 },
  );
});

test("latency is counted once for each piece, not for each byte, and both directions have their own", async (t) => {
  const proxy = await proxyUnderTest(t);
  const port = await proxy.before("a", await tcpServer(t, mirror));
  await proxy.call("POST", "/proxies/a/toxics", { type: "latency", attributes: { latency: 300 } });
  await proxy.call("POST", "/proxies/a/toxics", { type: "latency", stream: "upstream", attributes: { latency: 200 } });
  const { bytes, ms } = await exchange(port, MILLION);
  assert.equal(bytes.length, MILLION.length);
  assert.ok(ms >= 495, `${ms} ms`);
});

test("a narrow link takes the time that the bytes need", async (t) => {
  const proxy = await proxyUnderTest(t);
  const port = await proxy.before("a", await tcpServer(t, mirror));
  await proxy.call("POST", "/proxies/a/toxics", { type: "bandwidth", attributes: { rate: 500 } });
  const { bytes, ms } = await exchange(port, MILLION.subarray(0, 300_000));
  assert.equal(bytes.length, 300_000);
  // 300 kB at 500 kB/s are 600 ms; a link that was idle may send a tenth of a second's worth at once.
  assert.ok(ms >= 490, `${ms} ms`);
});

test("an answer is cut after so many bytes, and its end is not a reset", async (t) => {
  const proxy = await proxyUnderTest(t);
  const port = await proxy.before("a", await tcpServer(t, mirror));
  await proxy.call("POST", "/proxies/a/toxics", { type: "limit_data", attributes: { bytes: 12_345 } });
  const { bytes, end } = await exchange(port, MILLION);
  assert.equal(bytes.length, 12_345);
  assert.equal(end, "end");
});

test("a reset is a reset for the client, and what the upstream resets is one, too", async (t) => {
  const proxy = await proxyUnderTest(t);
  const port = await proxy.before("a", await tcpServer(t, echo));
  await proxy.call("POST", "/proxies/a/toxics", { type: "reset_peer" });
  assert.equal((await exchange(port, "hello")).end, "reset");
  const resetting = await proxy.before(
    "b",
    await tcpServer(t, (socket) => {
      socket.once("data", () => socket.resetAndDestroy());
    }),
  );
  assert.equal((await exchange(resetting, "hello", { keepsOpen: true })).end, "reset");
});

test("timeout swallows, closes after its time, and closes when it is removed", async (t) => {
  const proxy = await proxyUnderTest(t);
  const port = await proxy.before("a", await tcpServer(t, echo));
  await proxy.call("POST", "/proxies/a/toxics", { type: "timeout", attributes: { timeout: 200 } });
  const timed = await exchange(port, "hello", { keepsOpen: true });
  assert.deepEqual({ bytes: timed.bytes.length, end: timed.end }, { bytes: 0, end: "end" });
  assert.ok(timed.ms >= 195, `${timed.ms} ms`);
  await proxy.call("PATCH", "/proxies/a/toxics/timeout_downstream", { attributes: { timeout: 0 } });
  const held = exchange(port, "hello", { keepsOpen: true });
  await new Promise((resolve) => setTimeout(resolve, 50));
  await proxy.call("DELETE", "/proxies/a/toxics/timeout_downstream");
  assert.equal((await held).end, "end");
  assert.equal((await exchange(port, "hello")).bytes.toString(), "hello");
});

test("a lost answer was asked for and done all the same", async (t) => {
  const proxy = await proxyUnderTest(t);
  const got: string[] = [];
  const port = await proxy.before(
    "a",
    await tcpServer(t, (socket) => {
      socket.on("data", (piece: Buffer) => {
        got.push(piece.toString());
        socket.write("done");
      });
    }),
  );
  await proxy.call("POST", "/proxies/a/toxics", { type: "lose_answer", attributes: { how: "reset" } });
  const { bytes, end } = await exchange(port, "write it", { keepsOpen: true });
  assert.deepEqual({ got, bytes: bytes.length, end }, { got: ["write it"], bytes: 0, end: "reset" });
});

test("one byte of each so many is another one, and no other", async (t) => {
  const proxy = await proxyUnderTest(t);
  const port = await proxy.before("a", await tcpServer(t, mirror));
  await proxy.call("POST", "/proxies/a/toxics", { type: "corrupt", attributes: { every: 10_000 } });
  const { bytes } = await exchange(port, MILLION);
  assert.equal(bytes.length, MILLION.length);
  const changed = [...bytes.keys()].filter((at) => bytes[at] !== MILLION[at]);
  assert.equal(changed.length, 100);
  assert.deepEqual(
    changed.map((at) => Math.floor(at / 10_000)),
    Array.from({ length: 100 }, (_, at) => at),
  );
});

test("half open: the connection is accepted, nothing is read, and what was sent goes on when it is over", async (t) => {
  const proxy = await proxyUnderTest(t);
  let received = 0;
  const port = await proxy.before(
    "a",
    await tcpServer(t, (socket) => {
      socket.on("data", (piece: Buffer) => {
        received += piece.length;
        socket.write("!");
      });
    }),
  );
  await proxy.call("POST", "/proxies/a/toxics", { type: "half_open", stream: "upstream" });
  const socket = connect(port, "127.0.0.1");
  t.after(() => socket.destroy());
  socket.write("hello");
  const answered = new Promise<string>((resolve) => socket.once("data", (piece: Buffer) => resolve(piece.toString())));
  const first = await Promise.race([answered, new Promise((resolve) => setTimeout(resolve, 300, "nothing"))]);
  assert.deepEqual([first, received], ["nothing", 0]);
  await proxy.call("DELETE", "/proxies/a/toxics/half_open_upstream");
  assert.equal(await answered, "!");
  assert.equal(received, 5);
});

test("who does not read stops the sender: no more is heaped up than the queues hold", async (t) => {
  const proxy = await proxyUnderTest(t);
  let sent = 0;
  const port = await proxy.before(
    "a",
    await tcpServer(t, (socket) => {
      const more = (): void => {
        while (sent < 200 * MILLION.length && socket.write(MILLION)) sent += MILLION.length;
      };
      socket.on("drain", () => {
        sent += MILLION.length;
        more();
      });
      more();
    }),
  );
  const socket = connect(port, "127.0.0.1");
  t.after(() => socket.destroy());
  socket.pause();
  let before = -1;
  while (before !== sent) {
    before = sent;
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  assert.ok(sent < 30 * MILLION.length, `${sent} bytes were taken from a server whose client reads nothing`);
});

test("a toxicity of one half touches about half of the connections", async (t) => {
  const proxy = await proxyUnderTest(t);
  const port = await proxy.before("a", await tcpServer(t, echo));
  await proxy.call("POST", "/proxies/a/toxics", { type: "reset_peer", toxicity: 0.5 });
  const outcomes: string[] = [];
  for (let at = 0; at < 60; at++) outcomes.push((await exchange(port, "hello")).end);
  const resets = outcomes.filter((end) => end === "reset").length;
  assert.ok(resets > 15 && resets < 45, `${resets} of 60`);
});

test("a proxy that is disabled refuses, ends what is open, and listens again at the same port", async (t) => {
  const proxy = await proxyUnderTest(t);
  const port = await proxy.before("a", await tcpServer(t, echo));
  const open = exchange(port, "hello", { keepsOpen: true });
  await new Promise((resolve) => setTimeout(resolve, 50));
  await proxy.call("PATCH", "/proxies/a", { enabled: false });
  assert.notEqual((await open).end, "open");
  assert.equal((await exchange(port, "hello")).end, "reset");
  await proxy.call("PATCH", "/proxies/a", { enabled: true });
  assert.equal((await exchange(port, "hello")).bytes.toString(), "hello");
});
