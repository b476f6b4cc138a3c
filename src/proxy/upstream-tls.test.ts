import assert from "node:assert/strict";
import type { IncomingMessage } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { type TestContext, describe, it } from "node:test";
import { TestAuthority } from "../x509/testing/test-authority.ts";
import { type ProxyUnderTest, route, startProxy } from "./testing/proxy-under-test.ts";
import type { UpstreamTlsOptions } from "./upstream-socket.ts";

const authority = new TestAuthority();

/** A proxy in front of an HTTPS server whose certificate is for these hosts. */
async function inFront(
  t: TestContext,
  hosts: readonly string[],
  upstreamTls: Partial<UpstreamTlsOptions> = { authorities: authority.certificate },
): Promise<{ readonly under: ProxyUnderTest; readonly requests: IncomingMessage[] }> {
  const { certificate: cert, key } = authority.issue(hosts);
  const requests: IncomingMessage[] = [];
  const server = createServer({ cert, key }, (request, response) => {
    requests.push(request);
    void text(request).then((body) => response.end(`got ${body.length}`));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const under = await startProxy({ upstreamTls });
  under.routes([route({ type: "network", address: `https://127.0.0.1:${(server.address() as AddressInfo).port}` })]);
  t.after(async () => {
    await under.close();
    server.close();
    server.closeAllConnections();
  });
  return { under, requests };
}

function post(body: string): string {
  return `POST / HTTP/1.1\r\nHost: example.org\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`;
}

describe("endpoints over TLS", () => {
  it("get requests, one behind the other on one connection", async (t) => {
    const { under, requests } = await inFront(t, ["127.0.0.1"]);
    assert.match(await under.exchange(post("hello")), /^HTTP\/1.1 200 OK\r\n[^]*got 5/);
    assert.match(await under.exchange(post("x".repeat(300_000))), /^HTTP\/1.1 200 OK\r\n[^]*got 300000/);
    assert.equal(under.metric("holdfast_proxy_upstream_connections_opened_total"), 1);
    assert.equal(requests[0]?.headers.host, "example.org");
  });

  for (const [name, hosts, options] of [
    ["of an authority nobody vouches for", ["127.0.0.1"], {}],
    ["for another host", ["other.example.org"], { authorities: authority.certificate }],
  ] as const) {
    it(`with a certificate ${name} get nothing`, async (t) => {
      const { under, requests } = await inFront(t, hosts, options);
      assert.match(await under.exchange(post("hello")), /^HTTP\/1.1 502 [^]*PROXY_UPSTREAM_TLS/);
      assert.equal(requests.length, 0);
    });
  }

  it("with any certificate get requests when nobody is to check", async (t) => {
    const { under } = await inFront(t, ["other.example.org"], { isVerified: false });
    assert.match(await under.exchange(post("hello")), /got 5/);
  });

  it("that speak no TLS get nothing that can be read", async (t) => {
    const { under } = await inFront(t, ["127.0.0.1"]);
    under.server.onData = (connection) => connection.send("HTTP/1.1 400 Bad Request\r\n\r\n");
    under.routes([route({ type: "network", address: `https://127.0.0.1:${under.server.port}` })]);
    assert.match(await under.exchange(post("hello")), /^HTTP\/1.1 502 [^]*PROXY_UPSTREAM_TLS/);
    assert.ok(under.server.connections.every(({ received }) => !received.includes("hello")));
  });
});
