import assert from "node:assert/strict";
import { type ServerHttp2Stream, constants, createServer } from "node:http2";
import type { Socket } from "node:net";
import { describe, it } from "node:test";
import { until } from "../../kernel/testing/until.ts";
import { answerOk, get, http2Endpoint, inFrontOf } from "../testing/http2-endpoint.ts";
import { route } from "../testing/proxy-under-test.ts";
import { defaultHttp2UpstreamLimits } from "./options.ts";

describe("connections to endpoints of HTTP/2", () => {
  it("opens no more streams at once than the endpoint allows, and another connection for the rest", async (t) => {
    const open: ServerHttp2Stream[] = [];
    const { port, sessions } = await http2Endpoint(t, (stream) => open.push(stream), { settings: { maxConcurrentStreams: 2 } });
    const under = await inFrontOf(t, [`h2c://127.0.0.1:${port}`]);
    const answers = Array.from({ length: 5 }, () => under.exchange(get()));
    await until("all five are there", () => open.length === 5);
    assert.equal(sessions.length, 3);
    for (const stream of open) answerOk(stream, {});
    for (const answer of await Promise.all(answers)) assert.match(answer, /ok$/);
  });

  it("keeps to its own limit of streams on a connection", async (t) => {
    const open: ServerHttp2Stream[] = [];
    const { port, sessions } = await http2Endpoint(t, (stream) => open.push(stream));
    const under = await inFrontOf(t, [`h2c://127.0.0.1:${port}`], {
      limits: { http2Upstream: { ...defaultHttp2UpstreamLimits, concurrentStreams: 1 } },
    });
    const answers = [under.exchange(get()), under.exchange(get())];
    await until("both are there", () => open.length === 2);
    assert.equal(sessions.length, 2);
    for (const stream of open) answerOk(stream, {});
    await Promise.all(answers);
  });

  it("lets streams finish behind a GOAWAY, sends new ones elsewhere, and those again that were not looked at", async (t) => {
    const open: ServerHttp2Stream[] = [];
    const { port, sessions } = await http2Endpoint(t, (stream, headers) => {
      if (headers[":path"] === "/slow") open.push(stream);
      else if (sessions.length === 1 && headers[":path"] === "/late") {
        // As if it had not been seen: the ids behind the first are taken back.
        stream.session?.goaway(constants.NGHTTP2_NO_ERROR, open[0]?.id ?? 0);
      } else answerOk(stream, headers);
    });
    const under = await inFrontOf(t, [`h2c://127.0.0.1:${port}`]);
    const slow = under.exchange(get("/slow"));
    await until("the slow one is there", () => open.length === 1);
    const late = under.exchange("POST /late HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    assert.match(await late, /^HTTP\/1.1 200 /);
    assert.equal(sessions.length, 2);
    assert.equal(under.metric("holdfast_proxy_retries_total", "refused"), 1);
    answerOk(open[0] as ServerHttp2Stream, {});
    assert.match(await slow, /^HTTP\/1.1 200 /);
    assert.match(await under.exchange(get("/next")), /^HTTP\/1.1 200 /);
    assert.equal(sessions.length, 2);
  });

  it("ends a connection that has carried as many requests as one may, and none is lost", async (t) => {
    const { port, sessions } = await http2Endpoint(t, answerOk);
    const under = await inFrontOf(t, [`h2c://127.0.0.1:${port}`], {
      limits: { http2Upstream: { ...defaultHttp2UpstreamLimits, streamsPerConnection: 3 } },
    });
    for (let count = 0; count < 7; count++) assert.match(await under.exchange(get()), /ok$/);
    assert.equal(sessions.length, 3);
    await until("those that are used up are closed", () => sessions[0]?.destroyed === true && sessions[1]?.destroyed === true);
  });

  it("does not wait for SETTINGS longer than for a connection", async (t) => {
    const under = await inFrontOf(t, ["h2c://127.0.0.1:1"], { timeouts: { connectMs: 50 } });
    under.routes([route({ type: "network", address: `h2c://127.0.0.1:${under.server.port}` })]);
    assert.match(await under.exchange(get()), /^HTTP\/1.1 504 [^]*PROXY_CONNECT_TIMEOUT/);
  });

  it("asks an endpoint that is silent with a PING, and gives up one that does not answer it", async (t) => {
    const sockets: Socket[] = [];
    const server = createServer();
    server.on("connection", (socket: Socket) => sockets.push(socket));
    const { port, requests } = await http2Endpoint(t, () => {}, {}, server);
    const under = await inFrontOf(t, [`h2c://127.0.0.1:${port}`], {
      timeouts: { upstreamPingMs: 20, upstreamPongMs: 300 },
      retry: { attempts: 1 },
    });
    const answer = under.exchange(get());
    await until("the request is there", () => requests.length === 1);
    // A peer that is gone without a word answers nothing.
    for (const socket of sockets) (socket as unknown as { _handle: { readStop(): void } })._handle.readStop();
    assert.match(await answer, /^HTTP\/1.1 502 /);
    assert.equal(under.metric("holdfast_http2_upstream_ping_timeouts_total"), 1);
  });

  it("closes a connection that is idle, and makes another", async (t) => {
    const { port, sessions } = await http2Endpoint(t, answerOk);
    const under = await inFrontOf(t, [`h2c://127.0.0.1:${port}`], { timeouts: { upstreamIdleMs: 20 } });
    assert.match(await under.exchange(get()), /ok$/);
    await until("it is closed", () => sessions[0]?.destroyed === true);
    assert.equal(under.metric("holdfast_proxy_upstream_connections"), 0);
    assert.match(await under.exchange(get()), /ok$/);
  });
});
