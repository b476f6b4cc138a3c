import assert from "node:assert/strict";
import { once } from "node:events";
import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from "node:http2";
import { type TestContext, describe, it } from "node:test";
import type { ListenOptions } from "../index.ts";
import type { ProxyOptionsInput } from "../options.ts";
import { type ProxyUnderTest, startProxy } from "../testing/proxy-under-test.ts";
import { RawClient } from "../testing/raw-peers.ts";
import { defaultHttp2Limits } from "./options.ts";

interface Front {
  readonly under: ProxyUnderTest;
  readonly port: number;
  session(): ClientHttp2Session;
}

async function front(t: TestContext, options: ProxyOptionsInput = {}, listen: Partial<ListenOptions> = {}): Promise<Front> {
  const under = await startProxy(options);
  const { port } = await under.proxy.listen({ host: "127.0.0.1", port: 0, http2: true, ...listen });
  const sessions: ClientHttp2Session[] = [];
  t.after(async () => {
    for (const session of sessions) session.destroy();
    await under.close();
  });
  return {
    under,
    port,
    session() {
      const session = connect(`http://127.0.0.1:${port}`);
      session.on("error", () => {});
      sessions.push(session);
      return session;
    },
  };
}

interface Answer {
  readonly status: number;
  readonly headers: Record<string, unknown>;
  readonly body: string;
  readonly trailers: Record<string, unknown> | undefined;
}

async function answerOf(stream: ClientHttp2Stream): Promise<Answer> {
  let trailers: Record<string, unknown> | undefined;
  let body = "";
  stream.setEncoding("latin1").on("data", (text: string) => (body += text));
  stream.on("trailers", (fields) => (trailers = { ...fields }));
  const ended = once(stream, "close");
  const [headers] = (await once(stream, "response")) as [Record<string, unknown>];
  await ended;
  return { status: Number(headers[":status"]), headers: { ...headers }, body, trailers };
}

/** `once` would reject for the error that stands for a reset. */
function closed(stream: ClientHttp2Stream): Promise<void> {
  stream.on("error", () => {});
  return new Promise((resolve) => {
    stream.on("close", resolve);
  });
}

function get(session: ClientHttp2Session, path = "/", fields: object = {}): Promise<Answer> {
  return answerOf(session.request({ ":path": path, ":authority": "example.org", ...fields }));
}

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

describe("HTTP/2 in front", () => {
  it("forwards a request of a client that knows beforehand, and its answer", async (t) => {
    const { under, session } = await front(t);
    let request = "";
    under.server.onData = (connection) => {
      request = connection.takeRequest() ?? "";
      connection.send("HTTP/1.1 200 OK\r\nX-One: 1\r\nKeep-Alive: timeout=5\r\nContent-Length: 2\r\n\r\nok");
    };
    const answer = await get(session(), "/a?b=c", { accept: "*/*", cookie: ["a=1", "b=2"] });
    assert.equal(answer.status, 200);
    assert.equal(answer.body, "ok");
    assert.equal(answer.headers["x-one"], "1");
    assert.equal(answer.headers["keep-alive"], undefined);
    assert.equal(
      request,
      `GET /a?b=c HTTP/1.1\r\nhost: example.org\r\naccept: */*\r\ncookie: a=1; b=2\r\nX-Forwarded-For: 127.0.0.1\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Port: ${request.match(/Port: (\d+)/)?.[1]}\r\nX-Forwarded-Host: example.org\r\n\r\n`,
    );
  });

  it("serves HTTP/1.1 on the same listener", async (t) => {
    const { under, port } = await front(t);
    under.server.answer(OK);
    const client = new RawClient(port).send("GET / HTTP/1.1\r\nHost: example.org\r\nConnection: close\r\n\r\n");
    assert.match(await client.ended(), /^HTTP\/1.1 200 OK\r\n[^]*ok$/);
  });

  it("refuses the preface on a listener that does not serve HTTP/2", async (t) => {
    const { under } = await front(t);
    assert.match(await under.exchange("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), /^HTTP\/1.1 505 /);
  });

  it("carries streams side by side, a body each way and trailers both ways", async (t) => {
    const { under, session } = await front(t);
    under.server.onData = (connection) => {
      if (!connection.received.endsWith("\r\n\r\n") || !connection.received.includes("0\r\n")) return;
      assert.match(connection.received, /te: trailers\r\n/i);
      assert.match(connection.received, /\r\n0\r\nx-sum: 7\r\n\r\n$/);
      connection.send(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: grpc-status\r\n\r\n3\r\nabc\r\n0\r\ngrpc-status: 0\r\ngrpc-message: fine\r\n\r\n",
      );
      connection.received = "";
    };
    const one = session();
    const answers = await Promise.all(
      [1, 2, 3].map((number) => {
        const stream = one.request(
          { ":method": "POST", ":path": `/${number}`, ":authority": "example.org", te: "trailers", "content-type": "application/grpc" },
          { waitForTrailers: true },
        );
        stream.on("wantTrailers", () => stream.sendTrailers({ "x-sum": "7" }));
        stream.end(`body ${number}`);
        return answerOf(stream);
      }),
    );
    for (const answer of answers) {
      assert.equal(answer.status, 200);
      assert.equal(answer.body, "abc");
      assert.equal(answer.trailers?.["grpc-status"], "0");
      assert.equal(answer.trailers?.["grpc-message"], "fine");
    }
  });

  it("gives a request nothing of those before it on its connection", async (t) => {
    const { under, session } = await front(t);
    const requests: string[] = [];
    const answers: Record<string, string> = {
      1: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: x-sum\r\n\r\n3\r\none\r\n0\r\nX-Sum: 1\r\n\r\n",
      3: "HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\n\r\nthree",
      4: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nfour\r\n0\r\n\r\n",
    };
    under.server.onData = (connection) => {
      const { received } = connection;
      if (!received.endsWith(received.startsWith("POST") ? "\r\n0\r\n\r\n" : "\r\n\r\n")) return;
      connection.received = "";
      requests.push(received);
      connection.send(answers[/^\w+ \/(\d)/.exec(received)?.[1] ?? ""] ?? OK);
    };
    const client = session();
    const posted = client.request({ ":method": "POST", ":path": "/1", ":authority": "a.example.org", "x-first": "yes" });
    posted.end("body");
    const first = await answerOf(posted);
    assert.deepEqual([first.status, first.body, first.trailers?.["x-sum"]], [200, "one", "1"]);
    const refused = await get(client, "/2%00", { ":authority": "b.example.org" });
    assert.equal(refused.status, 400);
    const third = await get(client, "/3", { ":authority": "c.example.org" });
    assert.deepEqual([third.status, third.body, third.trailers], [404, "three", undefined]);
    const fourth = await get(client, "/4");
    assert.deepEqual([fourth.status, fourth.body, fourth.trailers?.["x-sum"]], [200, "four", undefined]);
    assert.equal(requests.length, 3);
    assert.match(requests[0] ?? "", /^POST \/1 [^]*a\.example\.org[^]*x-first: yes/);
    assert.match(requests[1] ?? "", /^GET \/3 HTTP\/1\.1\r\nhost: c\.example\.org\r\n(?:X-Forwarded-\w+: [^\r]+\r\n){4}\r\n$/);
    assert.match(requests[2] ?? "", /^GET \/4 HTTP\/1\.1\r\nhost: example\.org\r\n(?:X-Forwarded-\w+: [^\r]+\r\n){4}\r\n$/);
  });

  it("forwards interim answers and that a body is waited for", async (t) => {
    const { under, session } = await front(t);
    const one = session();
    const stream = one.request({
      ":method": "PUT",
      ":path": "/",
      ":authority": "example.org",
      expect: "100-continue",
      "content-length": 4,
    });
    const interim: number[] = [];
    stream.on("continue", () => stream.end("body"));
    stream.on("headers", (headers) => interim.push(Number(headers[":status"])));
    const answered = answerOf(stream);
    const { connection } = await under.server.request();
    connection.send("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n");
    await under.server.when(() => connection.received === "body");
    connection.send(OK);
    assert.equal((await answered).status, 200);
    assert.deepEqual(
      interim.toSorted((a, b) => a - b),
      [100, 103],
    );
  });

  it("answers HEAD, 204 and 304 without a body, and errors of its own with one", async (t) => {
    const { under, session } = await front(t);
    const one = session();
    under.server.answer((request) =>
      request.startsWith("HEAD") ? "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n" : `HTTP/1.1 ${/\/(\d+)/.exec(request)?.[1]} X\r\n\r\n`,
    );
    const head = await get(one, "/", { ":method": "HEAD" });
    assert.deepEqual([head.status, head.headers["content-length"], head.body], [200, "7", ""]);
    assert.equal((await get(one, "/204")).status, 204);
    assert.equal((await get(one, "/304")).status, 304);
    under.routes([]);
    const none = await get(one);
    assert.equal(none.status, 404);
    assert.match(none.body, /PROXY_NO_ROUTE/);
  });

  const refused: readonly (readonly [string, object, number, string])[] = [
    ["a Host that is not :authority", { host: "other.org" }, 400, "WIRE_HOST"],
    ["a path that can be read in two ways", { ":path": "/a%2f../b" }, 400, "PROXY_PATH"],
    ["an unknown scheme", { ":scheme": "ftp" }, 400, "WIRE_PSEUDO_FIELD"],
    ["another expectation", { expect: "200-ok" }, 417, "PROXY_EXPECTATION"],
  ];
  for (const [name, fields, status, code] of refused) {
    it(`refuses ${name}, and the connection goes on`, async (t) => {
      const { under, session } = await front(t);
      under.server.answer(OK);
      const one = session();
      const answer = await get(one, "/", fields);
      assert.equal(answer.status, status);
      assert.ok(answer.body.includes(code), answer.body);
      assert.equal((await get(one)).status, 200);
      assert.equal(under.server.connections.length, 1);
    });
  }

  it("refuses CONNECT, and for any protocol but WebSocket", async (t) => {
    const { session } = await front(t);
    const one = session();
    assert.equal((await answerOf(one.request({ ":method": "CONNECT", ":authority": "example.org:443" }))).status, 405);
    const extended = one.request({ ":method": "CONNECT", ":authority": "a", ":path": "/", ":scheme": "http", ":protocol": "connect-udp" });
    extended.on("error", () => {});
    extended.on("response", (headers) => assert.equal(headers[":status"], 400));
    await closed(extended.resume());
  });

  it("stops reading a body its endpoint does not take, and goes on", async (t) => {
    const { under, session } = await front(t);
    const size = 24_000_000;
    const stream = session().request({ ":method": "POST", ":path": "/", ":authority": "example.org", "content-length": size });
    const answered = answerOf(stream);
    let isTaken = false;
    stream.end(Buffer.alloc(size, "x"), () => (isTaken = true));
    const { connection } = await under.server.request();
    connection.socket.pause();
    let bytes = connection.received.length;
    connection.socket.removeAllListeners("data");
    const before = under.metric("holdfast_proxy_received_bytes_total");
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.equal(isTaken, false);
    assert.ok(under.metric("holdfast_proxy_received_bytes_total") - before < size);
    connection.socket.on("data", (data: Buffer) => {
      bytes += data.length;
      if (bytes === size) connection.send(OK);
    });
    connection.socket.resume();
    assert.equal((await answered).status, 200);
    assert.equal(bytes, size);
  });

  it("stops reading an answer its client does not take, and goes on", async (t) => {
    const { under, session } = await front(t);
    const size = 24_000_000;
    let isSent = false;
    under.server.onData = (connection) => {
      if (connection.takeRequest() === undefined) return;
      connection.send(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`);
      connection.socket.write(Buffer.alloc(size, "y"), () => (isSent = true));
    };
    const stream = session().request({ ":path": "/", ":authority": "example.org" });
    await once(stream, "response");
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.equal(isSent, false);
    let bytes = 0;
    stream.on("data", (data: Buffer) => (bytes += data.length));
    await once(stream, "end");
    assert.equal(bytes, size);
  });

  it("resets the rest of a body behind an answer that did not wait for it", async (t) => {
    const { under, session } = await front(t);
    under.routes([]);
    const one = session();
    const stream = one.request({ ":method": "POST", ":path": "/", ":authority": "example.org" });
    const answer = await answerOf(stream);
    assert.equal(answer.status, 404);
    assert.equal(stream.rstCode, constants.NGHTTP2_NO_ERROR);
  });

  for (const [name, answer] of [
    ["with a length", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"],
    ["in chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n"],
  ] as const) {
    it(`shows an answer ${name} that broke off as broken`, async (t) => {
      const { under, session } = await front(t);
      under.server.onData = (connection) => {
        if (connection.takeRequest() !== undefined) connection.send(answer).socket.end();
      };
      const stream = session().request({ ":path": "/", ":authority": "example.org" });
      stream.resume();
      await closed(stream);
      assert.notEqual(stream.rstCode, constants.NGHTTP2_NO_ERROR);
    });
  }

  it("lets go of the endpoint when the client takes its stream back", async (t) => {
    const { under, session } = await front(t);
    const stream = session().request({ ":path": "/", ":authority": "example.org" });
    stream.on("error", () => {});
    const { connection } = await under.server.request();
    stream.close(constants.NGHTTP2_CANCEL);
    await under.server.when(() => connection.hasEnded);
    assert.equal(under.metric("holdfast_proxy_requests_in_flight"), 0);
    assert.equal(under.metric("holdfast_http2_stream_resets_total"), 1);
  });

  it("ends a connection that opens streams and takes them back at once, and no other", async (t) => {
    const { under, session } = await front(t, { limits: { http2: { ...defaultHttp2Limits, resetBurst: 50, resetsPerSecond: 1 } } });
    under.server.answer(OK);
    const calm = session();
    assert.equal((await get(calm)).status, 200);
    const rapid = session();
    while (!rapid.destroyed) {
      const stream = rapid.request({ ":path": "/", ":authority": "example.org" });
      stream.on("error", () => {});
      stream.close(constants.NGHTTP2_CANCEL);
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.equal(under.metric("holdfast_http2_connections_ended_total", "resets"), 1);
    assert.equal((await get(calm)).status, 200);
  });

  it("forwards fields of an answer that stand there twice", async (t) => {
    const { under, session } = await front(t);
    under.server.onData = (connection) => {
      connection.takeRequest();
      connection.send(
        "HTTP/1.1 103 Early Hints\r\nETag: a\r\nETag: b\r\n\r\nHTTP/1.1 200 OK\r\nDate: a\r\nDate: b\r\nETag: c\r\nETag: d\r\n",
      );
      connection.send("Transfer-Encoding: chunked\r\n\r\n0\r\nETag: e\r\nETag: f\r\n\r\n");
    };
    assert.equal((await get(session())).status, 200);
  });

  it("ends a connection that asks for nothing, counted", async (t) => {
    const { under, session } = await front(t, { timeouts: { requestHeadMs: 30, lingerMs: 30 } });
    const one = session();
    // `once` would reject for a reset, which the end may come as.
    await new Promise<void>((resolve) => one.on("close", resolve));
    assert.equal(under.metric("holdfast_http2_connections_ended_total", "timeout"), 1);
  });

  it("says goodbye while it drains, and finishes what is open", async (t) => {
    const { under, session } = await front(t);
    const one = session();
    const first = get(one);
    const { connection } = await under.server.request();
    const gone = once(one, "goaway");
    const closing = under.proxy.close({ timeoutMs: 5_000 });
    await gone;
    connection.send(OK);
    assert.equal((await first).status, 200);
    assert.deepEqual(await closing, { cutOff: 0 });
  });
});
