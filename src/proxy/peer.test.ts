import assert from "node:assert/strict";
import { test } from "node:test";
import { AddressList } from "./address-list.ts";
import { Peer } from "./peer.ts";
import type { ProxiedAddresses } from "./proxy-protocol.ts";

function from(sourceAddress: string): ProxiedAddresses {
  return { sourceAddress, sourcePort: 4711, destinationAddress: "10.0.0.1", destinationPort: 8080 };
}

test("the client's address is read from the right of X-Forwarded-For, as far as proxies are trusted", () => {
  const trusted = new AddressList(["private", "198.51.100.0/24"], "trusted proxy");
  const alb = new Peer(from("10.0.0.5"), "http", trusted);
  for (const [forwardedFor, client] of [
    [undefined, "10.0.0.5"],
    ["203.0.113.9", "203.0.113.9"],
    ["6.6.6.6, 203.0.113.9", "203.0.113.9"],
    ["203.0.113.9, 198.51.100.7,10.1.1.1", "203.0.113.9"],
    ["10.9.9.9, 10.8.8.8", "10.9.9.9"],
    ["203.0.113.9:4711", "203.0.113.9"],
    ["[2001:db8::9]:4711", "2001:db8::9"],
    ["2001:db8::9", "2001:db8::9"],
    ["unknown", "10.0.0.5"],
    ["203.0.113.9, unknown, 10.8.8.8", "10.8.8.8"],
    ["", "10.0.0.5"],
  ] as const) {
    assert.equal(alb.clientAddress(forwardedFor), client, String(forwardedFor));
  }
  const stranger = new Peer(from("203.0.113.50"), "http", trusted);
  assert.equal(stranger.isTrusted, false);
  assert.equal(stranger.clientAddress("1.2.3.4"), "203.0.113.50");
  assert.equal(new Peer(from("::ffff:10.0.0.5"), "http", trusted).address, "10.0.0.5");
});

test("a trusted proxy that is no address and no block is refused", () => {
  for (const bad of ["alb", "10.0.0.0/33", "10.0.0.0/x", "/8", "::1/129"])
    assert.throws(() => new AddressList([bad], "trusted proxy"), { code: "PROXY_OPTION" }, bad);
});

test("Via says which version the client spoke", () => {
  const trusted = new AddressList([], "trusted proxy");
  const http2 = new Peer(from("203.0.113.9"), "https", trusted, { isHttp2: true, via: "edge" });
  assert.match(http2.forwardedFields("a", 1), /\r\nVia: 2\.0 edge\r\n$/);
  const http1 = new Peer(from("203.0.113.9"), "http", trusted, { via: "edge" });
  for (const minor of [1, 0, 1]) assert.match(http1.forwardedFields("a", minor), new RegExp(`\\r\\nVia: 1\\.${minor} edge\\r\\n$`));
  assert.doesNotMatch(new Peer(from("203.0.113.9"), "http", trusted).forwardedFields("a", 1), /Via/);
});
