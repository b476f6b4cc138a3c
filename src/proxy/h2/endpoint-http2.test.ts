import assert from "node:assert/strict";
import { once } from "node:events";
import { type ServerHttp2Stream, connect, constants, createSecureServer } from "node:http2";
import { type TestContext, describe, it } from "node:test";
import { ManualClock } from "../../kernel/testing/manual-clock.ts";
import { until } from "../../kernel/testing/until.ts";
import { TestAuthority } from "../../x509/testing/test-authority.ts";
import { RawClient } from "../testing/raw-peers.ts";
import { type EndpointUnderTest, type OnStream, answerOk, get, http2Endpoint, inFrontOf } from "../testing/http2-endpoint.ts";
import { route } from "../testing/proxy-under-test.ts";

describe("HTTP/2 to endpoints", () => {
  it("carries requests on one connection, with the fields of HTTP/2 and none about a connection", async (t) => {
    const { port, sessions, requests } = await http2Endpoint(t, answerOk);
    const under = await inFrontOf(t, [`h2c://127.0.0.1:${port}`]);
    assert.match(
      await under.exchange(get("/a?b=c", "TE: trailers\r\nX-One: 1\r\nKeep-Alive: 5\r\n")),
      /^HTTP\/1.1 200 OK\r\n[^]*\r\n\r\nok$/,
    );
    assert.match(await under.exchange(get("/d")), /ok$/);
    assert.equal(sessions.length, 1);
    assert.equal(under.metric("holdfast_proxy_upstream_connections_opened_total"), 1);
    const [first] = requests;
    assert.deepEqual(
      { ...Object.fromEntries(Object.entries(first ?? {})), "x-forwarded-port": "" },
      {
        ":method": "GET",
        ":scheme": "http",
        ":path": "/a?b=c",
        ":authority": "example.org",
        te: "trailers",
        "x-one": "1",
        "x-forwarded-for": "127.0.0.1",
        "x-forwarded-proto": "http",
        "x-forwarded-port": "",
        "x-forwarded-host": "example.org",
      },
    );
  });

  it("carries bodies, lengths, interim answers and trailers both ways", async (t) => {
    const seen: string[] = [];
    const { port } = await http2Endpoint(t, (stream) => {
      let body = "";
      stream.additionalHeaders({ ":status": 103, link: "</a>" });
      stream.on("data", (data: Buffer) => (body += data.toString("latin1")));
      stream.on("trailers", (trailers) => seen.push(`trailer ${String(trailers["x-sum"])}`));
      stream.on("end", () => {
        seen.push(body);
        stream.respond({ ":status": 201, "x-two": "2" }, { waitForTrailers: true });
        stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
        stream.end("answer");
      });
    });
    const under = await inFrontOf(t, [`h2c://127.0.0.1:${port}`]);
    const answer = await under.exchange(
      "POST / HTTP/1.1\r\nHost: example.org\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 7\r\n\r\n",
    );
    assert.deepEqual(seen, ["trailer 7", "hello"]);
    assert.match(answer, /^HTTP\/1.1 103 [^]*link: <\/a>\r\n\r\nHTTP\/1.1 201 Created\r\n[^]*6\r\nanswer\r\n0\r\ngrpc-status: 0\r\n\r\n$/);
  });

  it("frames answers without content for clients of HTTP/1.1", async (t) => {
    const { port } = await http2Endpoint(t, (stream, headers) => {
      if (headers[":method"] === "HEAD") stream.respond({ ":status": 200, "content-length": 7 }, { endStream: true });
      else stream.respond({ ":status": Number(String(headers[":path"]).slice(1)) }, { endStream: true });
    });
    const under = await inFrontOf(t, [`h2c://127.0.0.1:${port}`]);
    const client = under.client();
    client.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
    await client.until(/content-length: 7\r\n[^]*\r\n\r\n$/);
    client.send("GET /304 HTTP/1.1\r\nHost: a\r\n\r\n");
    await client.until(/ 304 [^]*\r\n\r\n$/);
    client.send("GET /200 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    assert.match(await client.ended(), / 200 OK\r\n[^]*content-length: 0\r\n[^]*\r\n\r\n$/);
  });

  it("sends a request again that the endpoint refused, whatever its method, but not one that it reset", async (t) => {
    let count = 0;
    const { port } = await http2Endpoint(t, (stream, headers) => {
      if (++count === 1) stream.close(constants.NGHTTP2_REFUSED_STREAM);
      else if (headers[":path"] === "/reset") stream.close(constants.NGHTTP2_INTERNAL_ERROR);
      else answerOk(stream, headers);
    });
    const under = await inFrontOf(t, [`h2c://127.0.0.1:${port}`]);
    const post = "Content-Length: 0\r\nHost: a\r\nConnection: close\r\n\r\n";
    assert.match(await under.exchange(`POST / HTTP/1.1\r\n${post}`), /^HTTP\/1.1 200 /);
    assert.match(await under.exchange(`POST /reset HTTP/1.1\r\n${post}`), /^HTTP\/1.1 502 [^]*PROXY_UPSTREAM_RESET/);
    assert.equal(count, 3);
  });

  it("tries another endpoint for a request that one broke off, and leaves alone one that breaks off all of them", async (t) => {
    let broken = 0;
    const bad = await http2Endpoint(t, (stream) => {
      broken++;
      stream.close(constants.NGHTTP2_INTERNAL_ERROR);
    });
    const good = await http2Endpoint(t, answerOk);
    const under = await inFrontOf(t, [`h2c://127.0.0.1:${bad.port}`, `h2c://127.0.0.1:${good.port}`]);
    for (let count = 0; count < 40; count++) assert.match(await under.exchange(get()), /ok$/);
    assert.equal(under.metric("holdfast_proxy_retries_total", "reused"), 0);
    assert.equal(under.metric("holdfast_proxy_endpoint_ejections_total", "outlier"), 1);
    assert.ok(broken < 20, `asked ${broken} times`);
  });

  it("carries fields that stand there twice", async (t) => {
    const { port, requests } = await http2Endpoint(t, answerOk);
    const under = await inFrontOf(t, [`h2c://127.0.0.1:${port}`]);
    assert.match(await under.exchange(get("/", "User-Agent: one\r\nUser-Agent: two\r\nIf-Match: a\r\nIf-Match: b\r\n")), /ok$/);
    assert.equal(requests[0]?.["if-match"], "a");
  });

  it("shows an endpoint that an upload broke off", async (t) => {
    const seen: string[] = [];
    const { port, requests } = await http2Endpoint(t, (stream) => {
      stream.resume();
      stream.on("aborted", () => seen.push("aborted"));
      stream.on("end", () => seen.push(`end ${stream.rstCode}`));
      stream.on("close", () => seen.push(`close ${stream.rstCode}`));
    });
    const under = await inFrontOf(t, [`h2c://127.0.0.1:${port}`]);
    const client = under.client();
    client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
    await until("the request is there", () => requests.length === 1);
    client.socket.resetAndDestroy();
    await until("it is taken back", () => seen.includes(`close ${constants.NGHTTP2_CANCEL}`));
    assert.ok(seen.includes("aborted"), seen.join());
  });

  it("takes an answer that did not wait for the request for whole when the rest is not wanted", async (t) => {
    const { port, sessions } = await http2Endpoint(t, (stream) => {
      stream.respond({ ":status": 413, "content-length": 4 });
      stream.end("less", () => stream.close(constants.NGHTTP2_NO_ERROR));
    });
    const under = await inFrontOf(t, [`h2c://127.0.0.1:${port}`]);
    for (let count = 0; count < 2; count++) {
      const client = under.client();
      client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nmore");
      await client.until(/^HTTP\/1.1 413 [^]*less$/);
    }
    assert.equal(sessions.length, 1);
    assert.equal(under.metric("holdfast_proxy_failures_total", "PROXY_UPSTREAM_TRUNCATED", "true"), 0);
  });

  it("takes its request back when the client is gone, and the connection stays", async (t) => {
    const codes: number[] = [];
    const { port, sessions, requests } = await http2Endpoint(t, (stream, headers) => {
      if (headers[":path"] === "/") stream.on("close", () => codes.push(stream.rstCode));
      else answerOk(stream, headers);
    });
    const under = await inFrontOf(t, [`h2c://127.0.0.1:${port}`]);
    const client = under.client();
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    await until("the request is there", () => requests.length === 1);
    client.socket.resetAndDestroy();
    await until("it is taken back", () => codes.length === 1);
    assert.deepEqual(codes, [constants.NGHTTP2_CANCEL]);
    assert.match(await under.exchange(get("/next")), /ok$/);
    assert.equal(sessions.length, 1);
  });

  it("reads no more of an answer than the client takes, and of a request than the endpoint does", async (t) => {
    const size = 16_000_000;
    let received = 0;
    const paused: ServerHttp2Stream[] = [];
    const onStream: OnStream = (stream, headers) => {
      if (headers[":method"] === "POST") {
        paused.push(stream);
        stream.on("data", (data: Buffer) => (received += data.length));
        stream.pause();
        stream.on("end", () => answerOk(stream, headers));
      } else {
        stream.respond({ ":status": 200 });
        stream.end(Buffer.alloc(size, "x"));
      }
    };
    const { port } = await http2Endpoint(t, onStream, { maxSessionMemory: 100 });
    const under = await inFrontOf(t, [`h2c://127.0.0.1:${port}`]);
    const down = new RawClient(under.port);
    t.after(() => down.close());
    down.socket.pause();
    down.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    const up = new RawClient(under.port);
    t.after(() => up.close());
    up.send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${size}\r\nConnection: close\r\n\r\n`);
    up.socket.write(Buffer.alloc(size, "y"));
    await until("the upload has begun", () => paused.length === 1);
    // What is under way stands still: nothing moves any more between two looks.
    let before = -1;
    await until("nothing moves", () => {
      const now = under.metric("holdfast_proxy_received_bytes_total") + under.metric("holdfast_proxy_sent_bytes_total");
      const isStill = now === before && now > 0;
      before = now;
      return isStill;
    });
    assert.ok(under.metric("holdfast_proxy_received_bytes_total") < size);
    assert.ok(under.metric("holdfast_proxy_sent_bytes_total") < size);
    paused[0]?.resume();
    down.socket.resume();
    assert.match(await up.ended(), /^HTTP\/1.1 200 /);
    assert.equal(received, size);
    await down.ended();
    assert.ok(down.received.length > size);
  });

  it("shows an answer that broke off as broken", async (t) => {
    const { port } = await http2Endpoint(t, (stream) => {
      // Without trailers to wait for, node:http2 ends a stream before it resets it.
      stream.respond({ ":status": 200 }, { waitForTrailers: true });
      stream.write("half", () => stream.close(constants.NGHTTP2_INTERNAL_ERROR));
    });
    const under = await inFrontOf(t, [`h2c://127.0.0.1:${port}`]);
    const answer = await under.exchange(get());
    assert.match(answer, /^HTTP\/1.1 200 /);
    assert.ok(!answer.endsWith("0\r\n\r\n"), answer);
    assert.equal(under.metric("holdfast_proxy_failures_total", "PROXY_UPSTREAM_TRUNCATED", "true"), 1);
  });

  it("refuses an answer with white space around a value instead of leaving the field out", async (t) => {
    const { port } = await http2Endpoint(t, (stream) => {
      stream.respond({ ":status": 200, "content-length": 2, "x-own": " 1" });
      stream.end("ok");
    });
    const under = await inFrontOf(t, [`h2c://127.0.0.1:${port}`]);
    assert.match(await under.exchange(get()), /^HTTP\/1.1 502 [^]*PROXY_UPSTREAM_MALFORMED/);
  });

  it("believes nobody to speak HTTP/2 who does not, and tries another endpoint", async (t) => {
    const under = await inFrontOf(t, ["h2c://127.0.0.1:1"]);
    under.server.onData = (connection) => connection.send("HTTP/1.1 400 Bad Request\r\n\r\n").socket.end();
    under.routes([route({ type: "network", address: `h2c://127.0.0.1:${under.server.port}` })]);
    assert.match(await under.exchange(get()), /^HTTP\/1.1 502 [^]*PROXY_UPSTREAM_MALFORMED/);
    const { port } = await http2Endpoint(t, answerOk);
    under.routes([
      route({
        type: "loadBalanced",
        algorithm: "roundRobin",
        endpoints: [`h2c://127.0.0.1:${under.server.port}`, `h2c://127.0.0.1:${port}`],
      }),
    ]);
    for (let count = 0; count < 4; count++) assert.match(await under.exchange(get()), /^HTTP\/1.1 200 /);
  });

  it("carries a conversation: answers while the request goes on, from client to endpoint in HTTP/2", async (t) => {
    const { port } = await http2Endpoint(t, (stream) => {
      stream.respond({ ":status": 200 }, { waitForTrailers: true });
      stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
      stream.on("data", (data: Buffer) => stream.write(data.toString("latin1").toUpperCase()));
      stream.on("end", () => stream.end());
    });
    const clock = new ManualClock();
    const under = await inFrontOf(t, [`h2c://127.0.0.1:${port}`], { tickMs: 1_000 }, clock);
    const front = await under.proxy.listen({ host: "127.0.0.1", port: 0, http2: true });
    const session = connect(`http://127.0.0.1:${front.port}`);
    t.after(() => session.destroy());
    const stream = session.request({ ":method": "POST", ":path": "/", ":authority": "a", te: "trailers" });
    stream.setEncoding("latin1");
    const trailers = once(stream, "trailers");
    for (const word of ["one", "two", "three"]) {
      stream.write(word);
      assert.equal((await once(stream, "data"))[0], word.toUpperCase());
      // Longer than a request body, or an answer, may stand still.
      await clock.advance(300_000);
    }
    stream.end();
    stream.resume();
    assert.equal((await trailers)[0]["grpc-status"], "0");
  });

  const authority = new TestAuthority();
  async function secure(t: TestContext, allowHTTP1: boolean): Promise<EndpointUnderTest> {
    const { certificate: cert, key } = authority.issue(["127.0.0.1"]);
    const server = createSecureServer({ cert, key, allowHTTP1 });
    return http2Endpoint(t, answerOk, {}, server);
  }

  it("is spoken over TLS to endpoints that agree to it", async (t) => {
    const { port, requests } = await secure(t, true);
    const under = await inFrontOf(t, [`h2://127.0.0.1:${port}`], { upstreamTls: { authorities: authority.certificate } });
    assert.match(await under.exchange(get()), /ok$/);
    assert.equal(requests[0]?.[":scheme"], "https");
    const strangers = await inFrontOf(t, [`h2://127.0.0.1:${port}`]);
    assert.match(await strangers.exchange(get()), /PROXY_UPSTREAM_TLS/);
  });
});
