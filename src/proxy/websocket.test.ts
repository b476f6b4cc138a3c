import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { startProxy } from "./testing/proxy-under-test.ts";

/** Takes the mask off one small client frame and sends it back as a server's (RFC 6455 section 5.2). */
function echoOf(frame: Buffer): Buffer {
  const length = (frame[1] as number) & 0x7f;
  const data = Buffer.from(frame.subarray(6, 6 + length)).map((byte, at) => byte ^ (frame[2 + (at % 4)] as number));
  return Buffer.concat([Buffer.from([frame[0] as number, length]), data]);
}

test("Node's own WebSocket client talks through the proxy: messages there and back, and the closing handshake", async () => {
  const under = await startProxy();
  under.server.onData = (connection) => {
    const request = connection.takeRequest();
    if (request !== undefined) {
      const key = /sec-websocket-key: (.*)\r\n/i.exec(request)?.[1] ?? "";
      const accept = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
      connection.send(
        `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
      );
      return;
    }
    const frame = Buffer.from(connection.received, "latin1");
    connection.received = "";
    connection.send(echoOf(frame).toString("latin1"));
    if (((frame[0] as number) & 0x0f) === 8) connection.socket.end();
  };
  const socket = new WebSocket(`ws://127.0.0.1:${under.port}/echo`);
  await new Promise((resolve) => socket.addEventListener("open", resolve, { once: true }));
  for (const text of ["one", "two", "three"]) {
    const echoed = new Promise((resolve) => socket.addEventListener("message", ({ data }) => resolve(data), { once: true }));
    socket.send(text);
    assert.equal(await echoed, text);
  }
  const closed = new Promise((resolve) => socket.addEventListener("close", ({ code }) => resolve(code), { once: true }));
  socket.close(1000);
  assert.equal(await closed, 1000);
  assert.equal(under.metric("holdfast_proxy_failures_total", "PROXY_UPSTREAM_TRUNCATED", "true"), 0);
  await under.close();
});
