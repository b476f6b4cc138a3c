import assert from "node:assert/strict";
import { type TestContext, describe, it } from "node:test";
import { ManualClock } from "../kernel/testing/manual-clock.ts";
import { type ProxyHeader, crc32c, readProxyHeader } from "./proxy-protocol.ts";
import { RawClient } from "./testing/raw-peers.ts";
import { type ProxyUnderTest, startProxy } from "./testing/proxy-under-test.ts";

const SIGNATURE = Buffer.from("\r\n\r\n\0\r\nQUIT\n", "latin1");

function binary(commandAndFamily: readonly [number, number], ...parts: readonly Buffer[]): Buffer {
  const rest = Buffer.concat(parts);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(rest.length);
  return Buffer.concat([SIGNATURE, Buffer.from(commandAndFamily), length, rest]);
}

function ports(source: number, destination: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt16BE(source);
  bytes.writeUInt16BE(destination, 2);
  return bytes;
}

function tlv(type: number, value: Buffer): Buffer {
  const head = Buffer.from([type, 0, 0]);
  head.writeUInt16BE(value.length, 1);
  return Buffer.concat([head, value]);
}

const FOUR = Buffer.from([192, 0, 2, 7, 10, 0, 0, 1]);
const SIX = Buffer.concat([Buffer.from("20010db8000000000000000000000007", "hex"), Buffer.from("20010db8000100000000000000000001", "hex")]);
const proxied = { sourceAddress: "192.0.2.7", sourcePort: 4711, destinationAddress: "10.0.0.1", destinationPort: 443 };
const six = { sourceAddress: "2001:db8::7", sourcePort: 4711, destinationAddress: "2001:db8:1::1", destinationPort: 443 };

function withChecksum(header: Buffer): Buffer {
  const at = header.length - 4;
  header.writeUInt32BE(crc32c(header), at);
  return header;
}

const good: readonly (readonly [string, Buffer, ProxyHeader["addresses"]])[] = [
  ["v1 TCP4", Buffer.from("PROXY TCP4 192.0.2.7 10.0.0.1 4711 443\r\n"), proxied],
  ["v1 TCP6", Buffer.from("PROXY TCP6 2001:db8::7 2001:db8:1::1 4711 443\r\n"), six],
  ["v1 UNKNOWN", Buffer.from("PROXY UNKNOWN\r\n"), undefined],
  ["v1 UNKNOWN with anything behind it", Buffer.from("PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n"), undefined],
  ["v2 TCP4", binary([0x21, 0x11], FOUR, ports(4711, 443)), proxied],
  ["v2 TCP6", binary([0x21, 0x21], SIX, ports(4711, 443)), six],
  ["v2 LOCAL", binary([0x20, 0x00]), undefined],
  ["v2 LOCAL with addresses", binary([0x20, 0x11], FOUR, ports(4711, 443)), undefined],
  ["v2 UNSPEC with something behind it", binary([0x21, 0x00], Buffer.from("xyz")), undefined],
  ["v2 with an AWS endpoint", binary([0x21, 0x11], FOUR, ports(4711, 443), tlv(0xea, Buffer.from("\x01vpce-08d2bf15fac5001c9"))), proxied],
  ["v2 with a right checksum", withChecksum(binary([0x21, 0x11], FOUR, ports(4711, 443), tlv(0x03, Buffer.alloc(4)))), proxied],
];

const bad: readonly (readonly [string, Buffer, string])[] = [
  ["an HTTP request", Buffer.from("GET / HTTP/1.1\r\n\r\n"), "malformed"],
  ["a TLS hello", Buffer.from([0x16, 3, 1, 2, 0]), "malformed"],
  ["lower case", Buffer.from("proxy TCP4 192.0.2.7 10.0.0.1 4711 443\r\n"), "malformed"],
  ["LF alone", Buffer.from("PROXY TCP4 192.0.2.7 10.0.0.1 4711 443\n"), "malformed"],
  ["two spaces", Buffer.from("PROXY  TCP4 192.0.2.7 10.0.0.1 4711 443\r\n"), "malformed"],
  ["an IPv6 address in TCP4", Buffer.from("PROXY TCP4 ::1 10.0.0.1 4711 443\r\n"), "malformed"],
  ["an IPv4 address in TCP6", Buffer.from("PROXY TCP6 192.0.2.7 ::1 4711 443\r\n"), "malformed"],
  ["a port too great", Buffer.from("PROXY TCP4 192.0.2.7 10.0.0.1 65536 443\r\n"), "malformed"],
  ["a port with a leading zero", Buffer.from("PROXY TCP4 192.0.2.7 10.0.0.1 0471 443\r\n"), "malformed"],
  ["a scoped address", Buffer.from("PROXY TCP6 fe80::1%lo ::1 4711 443\r\n"), "malformed"],
  ["a line too long", Buffer.from(`PROXY UNKNOWN ${"x".repeat(100)}\r\n`), "tooLarge"],
  ["another version", binary([0x31, 0x11], FOUR, ports(1, 2)), "malformed"],
  ["another command", binary([0x22, 0x11], FOUR, ports(1, 2)), "malformed"],
  ["UDP", binary([0x21, 0x12], FOUR, ports(1, 2)), "malformed"],
  ["an unknown family", binary([0x21, 0x41], FOUR, ports(1, 2)), "malformed"],
  ["too few address bytes", binary([0x21, 0x11], FOUR), "malformed"],
  ["a TLV over the end", binary([0x21, 0x11], FOUR, ports(1, 2), Buffer.from([4, 0, 9, 1])), "malformed"],
  ["half a TLV", binary([0x21, 0x11], FOUR, ports(1, 2), Buffer.from([4, 0])), "malformed"],
  ["a wrong checksum", binary([0x21, 0x11], FOUR, ports(1, 2), tlv(0x03, Buffer.alloc(4))), "checksum"],
  ["more than the limit", Buffer.concat([SIGNATURE, Buffer.from([0x21, 0x11, 0xff, 0xff])]), "tooLarge"],
];

describe("readProxyHeader", () => {
  for (const [name, bytes, addresses] of good) {
    it(`reads ${name}, and needs more at every byte before its end`, () => {
      const behind = Buffer.concat([bytes, Buffer.from("GET")]);
      for (let end = 0; end < bytes.length; end++) assert.equal(readProxyHeader(behind.subarray(0, end)), undefined, `at ${end}`);
      for (let end = bytes.length; end <= behind.length; end++) {
        assert.deepEqual(readProxyHeader(behind.subarray(0, end)), { addresses, bytes: bytes.length });
      }
    });
  }
  for (const [name, bytes, fault] of bad) {
    it(`refuses ${name}, whatever part of it comes first`, () => {
      assert.equal(readProxyHeader(bytes), fault);
      for (let end = 0; end < bytes.length; end++)
        assert.ok([undefined, fault].includes(readProxyHeader(bytes.subarray(0, end)) as string));
    });
  }
  it("knows the check value of CRC-32C", () => {
    assert.equal(crc32c(Buffer.from("123456789")), 0xe3069283);
  });
});

async function listening(
  t: TestContext,
  from?: readonly string[],
  clock?: ManualClock,
): Promise<{ readonly under: ProxyUnderTest; readonly client: () => RawClient }> {
  const under = await startProxy({}, clock);
  under.server.answer("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  const { port } = await under.proxy.listen({ host: "127.0.0.1", port: 0, proxyProtocol: from === undefined ? {} : { from } });
  const clients: RawClient[] = [];
  t.after(async () => {
    for (const client of clients) client.close();
    await under.close();
  });
  return {
    under,
    client() {
      const made = new RawClient(port);
      clients.push(made);
      return made;
    },
  };
}

const REQUEST = "GET / HTTP/1.1\r\nHost: example.org\r\n\r\n";

describe("a listener with the PROXY protocol", () => {
  for (const [name, bytes, addresses] of good.slice(0, 6)) {
    it(`tells endpoints and log who is behind ${name}, wherever it is split`, async (t) => {
      const { under, client } = await listening(t);
      const text = bytes.toString("latin1") + REQUEST;
      const seen: string[] = [];
      under.server.answer((request) => {
        seen.push(/X-Forwarded-For: (.*)\r\n/.exec(request)?.[1] ?? "", /X-Forwarded-Port: (.*)\r\n/.exec(request)?.[1] ?? "");
        return "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
      });
      for (let at = 1; at <= bytes.length + 5; at++) {
        const one = client().send(text.slice(0, at));
        await new Promise((resolve) => setImmediate(resolve));
        await one.send(text.slice(at)).until("ok");
        one.close();
        const [address, port] = seen.splice(0);
        assert.equal(address, addresses?.sourceAddress ?? "127.0.0.1");
        if (addresses !== undefined) assert.equal(port, String(addresses.destinationPort));
      }
    });
  }

  it("serves a second request on the connection, and a body that came with the header", async (t) => {
    const { under, client } = await listening(t);
    const bodies: string[] = [];
    under.server.onData = (connection) => {
      for (let request = connection.takeRequest(5); request !== undefined; request = connection.takeRequest(5)) {
        bodies.push(request.slice(-5));
        connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
      }
    };
    const post = "POST / HTTP/1.1\r\nHost: example.org\r\nContent-Length: 5\r\n\r\nhello";
    const one = client().send(`PROXY TCP4 192.0.2.7 10.0.0.1 4711 443\r\n${post}`);
    await one.until("ok");
    one.clear();
    await one.send(post).until("ok");
    assert.deepEqual(bodies, ["hello", "hello"]);
  });

  it("closes a connection without the header, counted, and nothing of it reaches an endpoint", async (t) => {
    const { under, client } = await listening(t);
    assert.equal(await client().send(REQUEST).ended(), "");
    assert.equal(under.metric("holdfast_proxy_header_failures_total", "malformed"), 1);
    assert.equal(under.server.connections.length, 0);
  });

  it("closes a connection that ends within the header", async (t) => {
    const { under, client } = await listening(t);
    const one = client().send("PROXY TCP4 192.0");
    one.socket.end();
    assert.equal(await one.ended(), "");
    assert.equal(under.metric("holdfast_proxy_header_failures_total", "closed"), 1);
  });

  it("closes a connection of a peer that may send none", async (t) => {
    const { under, client } = await listening(t, ["192.0.2.0/24"]);
    assert.equal(await client().send(`PROXY UNKNOWN\r\n${REQUEST}`).ended(), "");
    assert.equal(under.metric("holdfast_proxy_header_failures_total", "untrusted"), 1);
  });

  it("takes it from a peer that may", async (t) => {
    const { client } = await listening(t, ["private"]);
    await client().send(`PROXY UNKNOWN\r\n${REQUEST}`).until("ok");
  });

  it("closes a connection whose header takes too long, however it trickles", async (t) => {
    const clock = new ManualClock();
    const { under, client } = await listening(t, undefined, clock);
    const one = client().send("PROXY");
    const ended = one.ended();
    while (under.metric("holdfast_proxy_client_connections_accepted_total") === 0) await new Promise((resolve) => setImmediate(resolve));
    await clock.advance(31_000);
    assert.equal(await ended, "");
    assert.equal(under.metric("holdfast_proxy_header_failures_total", "timeout"), 1);
  });
});
