import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from "node:http2";
import { type TestContext, describe, it } from "node:test";
import { until } from "../../kernel/testing/until.ts";
import { type ProxyUnderTest, startProxy } from "../testing/proxy-under-test.ts";
import type { RawConnection } from "../testing/raw-peers.ts";

const ASK = {
  ":method": "CONNECT",
  ":protocol": "websocket",
  ":scheme": "http",
  ":path": "/chat?room=1",
  ":authority": "example.org",
  "sec-websocket-version": "13",
  "sec-websocket-protocol": "chat",
};

interface Front {
  readonly under: ProxyUnderTest;
  readonly session: ClientHttp2Session;
}

/** A client that has seen that the proxy takes extended CONNECT. */
async function front(t: TestContext): Promise<Front> {
  const under = await startProxy();
  const { port } = await under.proxy.listen({ host: "127.0.0.1", port: 0, http2: true });
  const session = connect(`http://127.0.0.1:${port}`);
  session.on("error", () => {});
  t.after(async () => {
    session.destroy();
    await under.close();
  });
  const [settings] = (await once(session, "remoteSettings")) as [{ readonly enableConnectProtocol?: boolean }];
  assert.equal(settings.enableConnectProtocol, true);
  return { under, session };
}

function ask({ session }: Front, fields: object = ASK): ClientHttp2Stream {
  const stream = session.request(fields as Record<string, string>, { endStream: false });
  stream.on("error", () => {});
  stream.setEncoding("latin1");
  return stream;
}

/** Switches protocols as an endpoint of WebSocket does, unless told to say something else. */
function accept(request: string, connection: RawConnection, accepted?: string): void {
  const key = /sec-websocket-key: (.*)\r\n/i.exec(request)?.[1] ?? "";
  const right = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
  connection.send(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accepted ?? right}\r\nSec-WebSocket-Protocol: chat\r\n\r\n`,
  );
}

async function statusOf(stream: ClientHttp2Stream): Promise<Record<string, unknown>> {
  const [headers] = (await once(stream, "response")) as [Record<string, unknown>];
  return headers;
}

describe("WebSocket over HTTP/2 (RFC 8441)", () => {
  it("is asked of the endpoint as HTTP/1.1 does, and carries bytes both ways until both sides have ended", async (t) => {
    const one = await front(t);
    const stream = ask(one);
    const { connection, text } = await one.under.server.request();
    assert.match(text, /^GET \/chat\?room=1 HTTP\/1\.1\r\n/);
    for (const line of [/\r\nhost: example\.org\r\n/i, /\r\nUpgrade: websocket\r\n/, /\r\nsec-websocket-version: 13\r\n/])
      assert.match(text, line);
    connection.received = "";
    accept(text, connection);
    const head = await statusOf(stream);
    assert.equal(head[":status"], 200);
    assert.equal(head["sec-websocket-protocol"], "chat");
    assert.equal(head["sec-websocket-accept"], undefined);
    stream.write("up");
    await until("it is at the endpoint", () => connection.received === "up");
    connection.send("down");
    assert.equal((await once(stream, "data"))[0], "down");
    stream.end("last");
    await until("the end is at the endpoint", () => connection.received === "uplast" && connection.hasEnded);
    const rest = once(stream, "data");
    const closed = new Promise((resolve) => stream.on("close", resolve));
    connection.send("bye").socket.end();
    assert.equal((await rest)[0], "bye");
    await closed;
    assert.equal(stream.rstCode, constants.NGHTTP2_NO_ERROR);
    await until("the endpoint's connection is closed", () => connection.isClosed);
    assert.equal(one.under.metric("holdfast_http2_stream_resets_total"), 0);
  });

  it("breaks off at the endpoint when the client takes it back, and at the client when the endpoint breaks it", async (t) => {
    const one = await front(t);
    const first = ask(one);
    const up = await one.under.server.request();
    accept(up.text, up.connection);
    await statusOf(first);
    first.close(constants.NGHTTP2_CANCEL);
    // Some clients end their side before they reset the stream: then the endpoint sees an end.
    await until("the endpoint sees it", () => up.connection.isClosed || up.connection.hasEnded);
    await until("the connection is gone", () => one.under.metric("holdfast_proxy_upstream_connections") === 0);

    const second = ask(one);
    const again = await one.under.server.request();
    accept(again.text, again.connection);
    await statusOf(second);
    const closed = new Promise((resolve) => second.on("close", resolve));
    again.connection.socket.resetAndDestroy();
    await closed;
    assert.notEqual(second.rstCode, constants.NGHTTP2_NO_ERROR);
  });

  it("shows no other answer as an open WebSocket, and the connection goes on", async (t) => {
    const one = await front(t);
    for (const [answer, status] of [
      ["HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 502],
      ["HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno", 403],
    ] as const) {
      const stream = ask(one);
      const { connection } = await one.under.server.request();
      connection.send(answer);
      assert.equal((await statusOf(stream))[":status"], status);
      await new Promise((resolve) => stream.on("close", resolve).resume());
      connection.socket.destroy();
    }
    const stream = ask(one);
    const { connection, text } = await one.under.server.request();
    const closed = new Promise((resolve) => stream.on("close", resolve));
    accept(text, connection, "wrong");
    await closed;
    assert.equal(stream.rstCode, constants.NGHTTP2_INTERNAL_ERROR);
    await until("the endpoint is let go of", () => connection.isClosed);
  });

  it("reads no more of a tunnel than the other side takes", async (t) => {
    const one = await front(t);
    const stream = ask(one);
    const { connection, text } = await one.under.server.request();
    accept(text, connection);
    await statusOf(stream);
    stream.pause();
    const size = 8_000_000;
    connection.socket.write(Buffer.alloc(size, "x"));
    let before = -1;
    await until("nothing moves", () => {
      const now =
        one.under.metric("holdfast_proxy_received_bytes_total") + connection.socket.bytesWritten + connection.socket.writableLength;
      const isStill = now === before;
      before = now;
      return isStill;
    });
    assert.ok(connection.socket.writableLength > 0, "the endpoint can not get rid of it");
    let received = 0;
    stream.on("data", (data: string) => (received += data.length));
    stream.resume();
    await until("all is there", () => received === size);
  });
});
