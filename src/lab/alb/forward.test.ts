import assert from "node:assert/strict";
import { once } from "node:events";
import { request as sendRequest } from "node:http";
import { connect } from "node:net";
import { describe, test, type TestContext } from "node:test";
import { get, startBalancer, startRawTarget, startTarget, type BalancerFixture, type FixtureOptions } from "./testing/balancer-fixture.ts";

/** A healthy target that answers with what reached it: request line's parts, raw field lines and body. */
async function echoing(t: TestContext, options?: FixtureOptions): Promise<BalancerFixture> {
  const target = await startTarget((request, response) => {
    let body = "";
    request.on("data", (bytes: Buffer) => {
      body += bytes.toString();
    });
    request.on("end", () => {
      response.setHeader("set-cookie", ["a=1", "b=2"]);
      response.setHeader("x-lab-target", "forged");
      response.end(JSON.stringify({ method: request.method, url: request.url, raw: request.rawHeaders, body }));
    });
  });
  t.after(() => target.close());
  const fixture = await startBalancer([target], options);
  t.after(() => fixture.alb.close());
  await fixture.until(() => fixture.stateOf(0) === "healthy");
  return fixture;
}

interface Echo {
  readonly method: string;
  readonly url: string;
  readonly raw: readonly string[];
  readonly body: string;
}

function echoOf(body: string): Echo {
  return JSON.parse(body) as Echo;
}

function valuesOf(echo: Echo, name: string): string[] {
  return echo.raw.filter((_, index) => index % 2 === 1 && echo.raw[index - 1]?.toLowerCase() === name);
}

describe("the request that reaches a target", () => {
  test("carries the client's address, protocol, port and a trace id, and none of the hop-by-hop fields", async (t) => {
    const fixture = await echoing(t);
    const headers = {
      "x-forwarded-for": "10.1.2.3",
      "x-forwarded-proto": "https",
      "keep-alive": "timeout=9",
      te: "trailers",
      "x-lab-phase": "forged",
      connection: "close, x-private",
      "x-private": "1",
    };
    const echo = echoOf((await get(fixture.port, { path: "/a?b=c", headers })).body);
    assert.equal(echo.url, "/a?b=c");
    assert.deepEqual(valuesOf(echo, "x-forwarded-for"), ["10.1.2.3, 127.0.0.1"]);
    assert.deepEqual(valuesOf(echo, "x-forwarded-proto"), ["http"]);
    assert.deepEqual(valuesOf(echo, "x-forwarded-port"), [String(fixture.port)]);
    assert.match(valuesOf(echo, "x-amzn-trace-id")[0] ?? "", /^Root=1-[0-9a-f]{8}-[0-9a-f]{24}$/);
    assert.deepEqual(valuesOf(echo, "connection"), ["keep-alive"]);
    for (const name of ["keep-alive", "te", "x-private", "x-lab-phase"]) assert.deepEqual(valuesOf(echo, name), [], name);
  });

  test("adds Self to a trace id that has a Root", async (t) => {
    const fixture = await echoing(t);
    const headers = { "x-amzn-trace-id": "Self=1-0-old;Root=1-67891233-abcdef012345678912345678;Who=me" };
    const [id = ""] = valuesOf(echoOf((await get(fixture.port, { headers })).body), "x-amzn-trace-id");
    assert.match(id, /^Self=1-[0-9a-f]{8}-[0-9a-f]{24};Root=1-67891233-abcdef012345678912345678;Who=me$/);
  });

  test("has its Host in lower case, with the port on a listener that is not 80 or 443, and as it was when preserved", async (t) => {
    const headers = { host: "Shop.Example.org:80" };
    const odd = await echoing(t);
    assert.deepEqual(valuesOf(echoOf((await get(odd.port, { headers })).body), "host"), [`shop.example.org:${odd.port}`]);
    const usual = await echoing(t, { listener: { externalPort: 80 } });
    const echo = echoOf((await get(usual.port, { headers })).body);
    assert.deepEqual(valuesOf(echo, "host"), ["shop.example.org"]);
    assert.deepEqual(valuesOf(echo, "x-forwarded-port"), ["80"]);
    const preserved = await echoing(t, { attributes: { preserveHostHeader: true } });
    assert.deepEqual(valuesOf(echoOf((await get(preserved.port, { headers })).body), "host"), ["Shop.Example.org:80"]);
  });

  test("keeps or loses X-Forwarded-For by mode", async (t) => {
    const headers = { "x-forwarded-for": "10.1.2.3" };
    const preserve = await echoing(t, { attributes: { xffMode: "preserve" } });
    assert.deepEqual(valuesOf(echoOf((await get(preserve.port, { headers })).body), "x-forwarded-for"), ["10.1.2.3"]);
    const remove = await echoing(t, { attributes: { xffMode: "remove" } });
    assert.deepEqual(valuesOf(echoOf((await get(remove.port, { headers })).body), "x-forwarded-for"), []);
  });

  test("has the body as it was sent: by length, in chunks, or none", async (t) => {
    const fixture = await echoing(t);
    const sized = echoOf((await get(fixture.port, { method: "POST", headers: { "content-length": "5" }, body: "hello" })).body);
    assert.deepEqual([sized.body, valuesOf(sized, "content-length"), valuesOf(sized, "transfer-encoding")], ["hello", ["5"], []]);
    const chunked = echoOf((await get(fixture.port, { method: "PUT", headers: { "transfer-encoding": "chunked" }, body: "hello" })).body);
    assert.deepEqual(
      [chunked.body, valuesOf(chunked, "content-length"), valuesOf(chunked, "transfer-encoding")],
      ["hello", [], ["chunked"]],
    );
    const none = echoOf((await get(fixture.port, { method: "DELETE" })).body);
    assert.deepEqual([none.method, none.body], ["DELETE", ""]);
  });

  test("comes without Expect, which the load balancer answers itself", async (t) => {
    const fixture = await echoing(t);
    const sent = sendRequest({
      port: fixture.port,
      host: "127.0.0.1",
      method: "POST",
      agent: false,
      headers: { expect: "100-continue", "content-length": "2" },
    });
    sent.flushHeaders();
    await once(sent, "continue");
    sent.end("ok");
    const [answer] = (await once(sent, "response")) as [AsyncIterable<Buffer>];
    let body = "";
    for await (const bytes of answer) body += bytes.toString();
    assert.deepEqual([echoOf(body).body, valuesOf(echoOf(body), "expect")], ["ok", []]);
  });
});

describe("the answer that reaches a client", () => {
  test("keeps repeated fields apart and names the true target", async (t) => {
    const fixture = await echoing(t);
    const answer = await get(fixture.port);
    assert.deepEqual(answer.headers["set-cookie"], ["a=1", "b=2"]);
    assert.equal(answer.headers["x-lab-target"], fixture.alb.state().targetGroups[0]?.targets[0]?.target);
    assert.equal(answer.headers["x-lab-phase"], undefined);
  });

  test("has its status, and no body for HEAD", async (t) => {
    const fixture = await echoing(t);
    const answer = await get(fixture.port, { method: "HEAD" });
    assert.deepEqual([answer.status, answer.body], [200, ""]);
  });

  test("passes a large body on at the pace of the reader", async (t) => {
    const sizeBytes = 8 * 1024 * 1024;
    const target = await startTarget((_, response) => response.end(Buffer.alloc(sizeBytes, 120)));
    t.after(() => target.close());
    const fixture = await startBalancer([target]);
    t.after(() => fixture.alb.close());
    await fixture.until(() => fixture.stateOf(0) === "healthy");
    assert.equal((await get(fixture.port)).body.length, sizeBytes);
  });

  test("is the redirect or fixed response that a rule says", async (t) => {
    const rules = [
      {
        priority: 1,
        conditions: [{ field: "path-pattern", values: ["/old/*"] }],
        action: { type: "redirect", statusCode: 302, protocol: "HTTPS", port: "443" },
      },
      {
        priority: 2,
        conditions: [{ field: "host-header", values: ["down.example"] }],
        action: { type: "fixed-response", statusCode: 503, contentType: "application/json", messageBody: "{}" },
      },
    ];
    const fixture = await echoing(t, { listener: { rules } });
    const redirect = await get(fixture.port, { path: "/old/x?y=1", headers: { host: "shop.example" } });
    assert.deepEqual([redirect.status, redirect.headers.location], [302, "https://shop.example:443/old/x?y=1"]);
    const fixed = await get(fixture.port, { headers: { host: "down.example" } });
    assert.deepEqual([fixed.status, fixed.headers["content-type"], fixed.body], [503, "application/json", "{}"]);
  });
});

describe("a WebSocket", () => {
  test("passes both ways once the target agrees, counts as in flight, and ends with it", async (t) => {
    const target = await startRawTarget((socket, text) => {
      if (text.startsWith("GET /readyz")) socket.end("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
      else if (text.startsWith("GET /chat"))
        socket.write(
          "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\nwelcome",
        );
      else if (text === "bye") socket.end("bye");
      else socket.write(`echo ${text}`);
    });
    t.after(() => target.close());
    const fixture = await startBalancer([target]);
    t.after(() => fixture.alb.close());
    await fixture.until(() => fixture.stateOf(0) === "healthy");
    const client = connect(fixture.port, "127.0.0.1");
    client.setEncoding("latin1");
    let seen = "";
    client.on("data", (text: string) => {
      seen += text;
    });
    client.write(
      "GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: k\r\nSec-WebSocket-Version: 13\r\n\r\n",
    );
    while (!seen.includes("welcome")) await once(client, "data");
    assert.match(seen, /^HTTP\/1\.1 101 Switching Protocols\r\n/);
    assert.match(seen, /Sec-WebSocket-Accept: x\r\n/);
    assert.equal(fixture.alb.state().targetGroups[0]?.targets[0]?.inFlight, 1);
    client.write("ping");
    while (!seen.includes("echo ping")) await once(client, "data");
    client.write("bye");
    await once(client, "close");
    assert.ok(seen.endsWith("bye"));
    assert.equal(fixture.alb.state().targetGroups[0]?.targets[0]?.inFlight, 0);
  });
});
