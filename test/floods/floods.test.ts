import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { Flooded, failuresOf, valueOf } from "./flood-kit.ts";

const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

/** Real sockets and real time: seconds, on 127.0.0.1. Nothing is measured but memory, counts and answers. */
async function flooded(
  context: TestContext,
  ...[options]: Parameters<typeof Flooded.start>
): Promise<{ under: Flooded; beforeBytes: number }> {
  const under = await Flooded.start(options);
  context.after(() => under.close());
  for (let turn = 0; turn < 50; turn++) await under.serveOthers();
  return { under, beforeBytes: (await under.report()).memoryBytes };
}

function assertGrowth(context: TestContext, beforeBytes: number, peakBytes: number, boundBytes: number): void {
  context.diagnostic(`memory grew by ${((peakBytes - beforeBytes) / 1e6).toFixed(1)} MB, bound ${(boundBytes / 1e6).toFixed(1)} MB`);
  assert.ok(peakBytes - beforeBytes < boundBytes, `${peakBytes - beforeBytes} bytes more`);
}

test("slow heads: each is ended in its time although bytes go on coming, and counted", async (context) => {
  const { under, beforeBytes } = await flooded(context, { timeouts: { requestHeadMs: 1_500 } });
  const count = 400;
  const slow = under.open(count, "GET / HTTP/1.1\r\nHost: a\r\nX: ");
  const drip = setInterval(() => {
    for (const client of slow) if (!client.hasEnded) client.send("y");
  }, 50);
  const { report, peakBytes } = await under.until((now) => failuresOf(now, "PROXY_HEAD_TIMEOUT") === count);
  clearInterval(drip);
  for (const client of slow) assert.match(await client.ended(), /^HTTP\/1\.1 408 .*\(PROXY_HEAD_TIMEOUT\)/s);
  assert.equal(valueOf(report, "holdfast_proxy_requests_total", "408"), count);
  assertGrowth(context, beforeBytes, peakBytes, count * 20_000);
});

test("slow bodies: each is given up in its time, at the endpoint too, and counted", async (context) => {
  const { under, beforeBytes } = await flooded(context, { timeouts: { requestBodyIdleMs: 1_000 } });
  const count = 200;
  const slow = under.open(count, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nx");
  const { peakBytes } = await under.until((now) => failuresOf(now, "PROXY_BODY_TIMEOUT") === count);
  for (const client of slow) assert.match(await client.ended(), /^HTTP\/1\.1 408 .*\(PROXY_BODY_TIMEOUT\)/s);
  await under.until((now) => valueOf(now, "holdfast_proxy_upstream_connections") <= 1);
  assertGrowth(context, beforeBytes, peakBytes, count * 60_000);
});

test("slow readers: an answer without end waits at the endpoint, and who takes nothing is cut off and counted", async (context) => {
  const { under, beforeBytes } = await flooded(context, { timeouts: { writeStallMs: 1_500 } });
  const count = 100;
  const slow = under.open(count, "");
  for (const client of slow) client.socket.pause();
  for (const client of slow) client.send("GET /endless HTTP/1.1\r\nHost: a\r\n\r\n");
  const { peakBytes } = await under.until((now) => failuresOf(now, "PROXY_CLIENT_STALLED") === count);
  await under.until((now) => valueOf(now, "holdfast_proxy_upstream_connections") <= 1 && now.connections === 1);
  assertGrowth(context, beforeBytes, peakBytes, count * 200_000);
});

test("header floods: a head without end is refused at its limit, and heads just below it cost what the limit says", async (context) => {
  const { under, beforeBytes } = await flooded(context, { timeouts: { requestHeadMs: 4_000 } });
  const count = 100;
  const line = `X: ${"y".repeat(997)}\r\n`;
  const endless = under.open(count, `GET / HTTP/1.1\r\nHost: a\r\n${line.repeat(70)}`);
  for (const client of endless) assert.match(await client.ended(), /^HTTP\/1\.1 431 .*\(WIRE_HEAD_TOO_LARGE\)/s);
  const many = under.open(count, `GET / HTTP/1.1\r\nHost: a\r\n${"X:\r\n".repeat(200)}`);
  for (const client of many) assert.match(await client.ended(), /^HTTP\/1\.1 431 .*\(WIRE_TOO_MANY_FIELDS\)/s);
  const below = under.open(count, `GET / HTTP/1.1\r\nHost: a\r\n${line.repeat(60)}`);
  const { report, peakBytes } = await under.until((now) => failuresOf(now, "PROXY_HEAD_TIMEOUT") === count);
  for (const client of below) assert.match(await client.ended(), /^HTTP\/1\.1 408 /);
  assert.equal(failuresOf(report, "PROXY_REQUEST_MALFORMED"), 2 * count);
  // A head that comes in pieces is kept; those refused wait for their clients to go.
  assertGrowth(context, beforeBytes, peakBytes, 3 * count * 131_072);
});

test("connection floods: those over the limit are closed at once and counted, and when the others' time is up there is room again", async (context) => {
  const connections = 300;
  const { under, beforeBytes } = await flooded(context, { limits: { connections }, timeouts: { requestHeadMs: 1_500 } });
  const count = 1_000;
  const silent = under.open(count, "");
  const { report, peakBytes } = await under.until((now) => {
    assert.ok(now.connections <= connections, `${now.connections} connections`);
    const refused = valueOf(now, "holdfast_proxy_client_connections_refused_total");
    return refused + valueOf(now, "holdfast_proxy_client_connections_accepted_total") === count + 1;
  });
  assert.ok(valueOf(report, "holdfast_proxy_client_connections_refused_total") > 0);
  for (const client of silent) await client.ended();
  await under.until((now) => now.connections === 1);
  const [newcomer] = under.open(1, GET);
  await newcomer?.until(/ok$/);
  assertGrowth(context, beforeBytes, peakBytes, count * 20_000);
});

test("pipelining floods: who takes no answers gets no more requests read, and is cut off and counted", async (context) => {
  const { under, beforeBytes } = await flooded(context, { timeouts: { writeStallMs: 1_500 } });
  const count = 20;
  const flooding = under.open(count, "");
  for (const client of flooding) {
    client.socket.pause();
    client.send("GET /big HTTP/1.1\r\nHost: a\r\n\r\n".repeat(2_000));
  }
  const { report, peakBytes } = await under.until((now) => failuresOf(now, "PROXY_CLIENT_STALLED") === count);
  const answered = valueOf(report, "holdfast_proxy_requests_total", "200");
  assert.ok(answered < count * 1_000, `${answered} answers were made for clients that take none`);
  assertGrowth(context, beforeBytes, peakBytes, count * 1_000_000);
});
