import assert from "node:assert/strict";
import type { IncomingMessage } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { type TestContext, describe, it } from "node:test";
import type { TLSSocket } from "node:tls";
import { TestAuthority } from "../x509/testing/test-authority.ts";
import { type ProxyUnderTest, route, startProxy } from "./testing/proxy-under-test.ts";
import { type UpstreamTlsOptions, connectFailureOf } from "./upstream-socket.ts";

const authority = new TestAuthority();

/** A proxy in front of an HTTPS server, written as `host`, whose certificate is for these hosts and so many days. */
async function inFront(
  t: TestContext,
  hosts: readonly string[],
  upstreamTls: Partial<UpstreamTlsOptions> = { authorities: authority.certificate },
  { host = "127.0.0.1", days = 90 } = {},
): Promise<{ readonly under: ProxyUnderTest; readonly requests: IncomingMessage[] }> {
  const { certificate: cert, key } = authority.issue(hosts, hosts[0], days);
  const requests: IncomingMessage[] = [];
  const server = createServer({ cert, key }, (request, response) => {
    requests.push(request);
    void text(request).then((body) => response.end(`got ${body.length}`));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const under = await startProxy({ upstreamTls });
  under.routes([route({ type: "network", address: `https://${host}:${(server.address() as AddressInfo).port}` })]);
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

  it("hear the name they are written with as server name, and none where that is an address", async (t) => {
    for (const [host, name] of [
      ["localhost", "localhost"],
      ["127.0.0.1", false],
    ] as const) {
      const { under, requests } = await inFront(t, [host], undefined, { host });
      assert.match(await under.exchange(post("hello")), /got 5/);
      assert.equal((requests[0]?.socket as TLSSocket | undefined)?.servername, name);
    }
  });

  for (const [name, hosts, options, written] of [
    ["of an authority nobody vouches for", ["127.0.0.1"], {}, {}],
    ["for another host", ["other.example.org"], undefined, {}],
    ["for a host below its own", ["*.localhost"], undefined, { host: "localhost" }],
    ["for the address of its name", ["127.0.0.1"], undefined, { host: "localhost" }],
    ["that has expired", ["127.0.0.1"], undefined, { days: -1 }],
  ] as const) {
    it(`with a certificate ${name} get nothing`, async (t) => {
      const { under, requests } = await inFront(t, hosts, options, written);
      assert.match(await under.exchange(post("hello")), /^HTTP\/1.1 502 [^]*PROXY_UPSTREAM_TLS/);
      assert.equal(requests.length, 0);
    });
  }

  it("fail for their certificate whatever OpenSSL has against it", () => {
    for (const code of [
      "CERT_HAS_EXPIRED",
      "CERT_NOT_YET_VALID",
      "INVALID_PURPOSE",
      "INVALID_CA",
      "PATH_LENGTH_EXCEEDED",
      "HOSTNAME_MISMATCH",
      "SELF_SIGNED_CERT_IN_CHAIN",
    ])
      assert.equal(connectFailureOf(code), "PROXY_UPSTREAM_TLS", code);
  });

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
