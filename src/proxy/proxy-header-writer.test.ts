import assert from "node:assert/strict";
import { connect, createSecureServer } from "node:http2";
import { type AddressInfo, type Socket, connect as connectTo, createServer } from "node:net";
import { type TestContext, describe, it } from "node:test";
import { createServer as createTlsServer } from "node:tls";
import { until } from "../kernel/testing/until.ts";
import type { Call } from "../route/index.ts";
import { TestAuthority } from "../x509/testing/test-authority.ts";
import { type ProxiedAddresses, readProxyHeader } from "./proxy-protocol.ts";
import { writeProxyHeader } from "./proxy-header-writer.ts";
import { answerOk, get, http2Endpoint } from "./testing/http2-endpoint.ts";
import { type ProxyUnderTest, route, startProxy } from "./testing/proxy-under-test.ts";

function addresses(sourceAddress: string, destinationAddress: string): ProxiedAddresses {
  return { sourceAddress, sourcePort: 54_321, destinationAddress, destinationPort: 443 };
}

describe("a PROXY header to write", () => {
  const cases: readonly (readonly [string, string, string, string])[] = [
    ["192.0.2.7", "10.0.0.1", "192.0.2.7", "10.0.0.1"],
    ["2001:db8::7", "2001:db8:1::1", "2001:db8::7", "2001:db8:1::1"],
    ["192.0.2.7", "2001:db8::1", "::ffff:192.0.2.7", "2001:db8::1"],
    ["::1", "1:2:3:4:5:6:7:8", "::1", "1:2:3:4:5:6:7:8"],
    ["fe80::1%eth0", "::", "fe80::1", "::"],
  ];
  for (const version of [1, 2] as const) {
    for (const [source, destination, readSource, readDestination] of cases) {
      it(`of version ${version} says ${source} and ${destination}`, () => {
        const header = writeProxyHeader(version, addresses(source, destination));
        assert.deepEqual(readProxyHeader(header), { addresses: addresses(readSource, readDestination), bytes: header.length });
      });
    }
    it(`of version ${version} says that it does not know what is no address`, () => {
      const header = writeProxyHeader(version, addresses("", "10.0.0.1"));
      assert.deepEqual(readProxyHeader(header), { addresses: undefined, bytes: header.length });
    });
  }
});

const sends = (version: string): Call[] => [{ name: "sendProxyProtocol", args: [version] }];

interface Unwrapping {
  readonly port: number;
  /** Their ports, as the headers say. */
  readonly clients: number[];
  /** Connections to it that are open. */
  open(): number;
}

/** Takes the PROXY header off each connection and gives the rest to a server that does not know of it. */
async function unwrapping(t: TestContext, target: number): Promise<Unwrapping> {
  const clients: number[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.once("data", (first: Buffer) => {
      const header = readProxyHeader(first);
      if (typeof header !== "object") {
        socket.destroy();
        return;
      }
      clients.push(header.addresses?.sourcePort ?? 0);
      socket.pause();
      socket.unshift(first.subarray(header.bytes));
      const inner = connectTo(target, "127.0.0.1");
      inner.on("error", () => {});
      socket.on("close", () => inner.destroy());
      socket.pipe(inner).pipe(socket);
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const open = (): number => [...sockets].filter(({ destroyed }) => !destroyed).length;
  return { port: (server.address() as AddressInfo).port, clients, open };
}

async function proxy(t: TestContext, address: string, version: string, upstreamTls?: string): Promise<ProxyUnderTest> {
  const under = await startProxy(upstreamTls === undefined ? {} : { upstreamTls: { authorities: upstreamTls } });
  t.after(() => under.close());
  under.routes([route({ type: "network", address }, sends(version))]);
  return under;
}

describe("sendProxyProtocol", () => {
  it("begins a connection of its own for each request with who the client is", async (t) => {
    const under = await proxy(t, "http://127.0.0.1:1", "v1");
    under.routes([route({ type: "network", address: `http://127.0.0.1:${under.server.port}` }, sends("v1"))]);
    under.server.onData = (connection) => {
      if (connection.received.endsWith("\r\n\r\n")) connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    };
    const client = under.client();
    const { localPort } = client.socket.connecting
      ? await new Promise<Socket>((resolve) => client.socket.once("connect", () => resolve(client.socket)))
      : client.socket;
    for (let count = 0; count < 2; count++) {
      client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
      await client.until("ok");
      client.clear();
    }
    assert.equal(under.server.connections.length, 2);
    for (const { received } of under.server.connections) {
      assert.ok(received.startsWith(`PROXY TCP4 127.0.0.1 127.0.0.1 ${localPort} ${under.port}\r\nGET / HTTP/1.1\r\n`), received);
    }
    await until("none is kept", () => under.metric("holdfast_proxy_upstream_connections") === 0);
  });

  it("says whom trusted proxies say the client is, its port unknown", async (t) => {
    const under = await startProxy({ trustedProxies: ["private"] });
    t.after(() => under.close());
    under.routes([route({ type: "network", address: `http://127.0.0.1:${under.server.port}` }, sends("v1"))]);
    void under.exchange(get("/", "X-Forwarded-For: 192.0.2.7\r\n"));
    await until("it is there", () => under.server.connections[0]?.received.includes("\r\n\r\n") === true);
    assert.match(under.server.connections[0]?.received ?? "", /^PROXY TCP4 192\.0\.2\.7 127\.0\.0\.1 0 \d+\r\nGET /);
  });

  it("speaks TLS behind it", async (t) => {
    const authority = new TestAuthority();
    const { certificate: cert, key } = authority.issue(["127.0.0.1"]);
    const server = createTlsServer({ cert, key }, (socket) => {
      socket.on("error", () => {});
      socket.on("data", () => socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"));
    });
    await new Promise<void>((resolve) => {
      server.listen(0, "127.0.0.1", resolve);
    });
    t.after(() => server.close());
    const { port, clients, open } = await unwrapping(t, (server.address() as AddressInfo).port);
    const under = await proxy(t, `https://127.0.0.1:${port}`, "v2", authority.certificate);
    for (let count = 0; count < 2; count++) assert.match(await under.exchange(get()), /ok$/);
    assert.equal(new Set(clients).size, 2);
    await until("none is kept", () => open() === 0);
  });

  it("stands before HTTP/2, without TLS and with it, one connection for each request", async (t) => {
    const authority = new TestAuthority();
    const { certificate: cert, key } = authority.issue(["127.0.0.1"]);
    for (const scheme of ["h2c", "h2"] as const) {
      const inner = await http2Endpoint(t, answerOk, {}, scheme === "h2c" ? undefined : createSecureServer({ cert, key }));
      const { port, clients, open } = await unwrapping(t, inner.port);
      const under = await proxy(t, `${scheme}://127.0.0.1:${port}`, "v2", authority.certificate);
      for (let count = 0; count < 3; count++) assert.match(await under.exchange(get()), /ok$/);
      assert.equal(inner.sessions.length, 3);
      assert.equal(new Set(clients).size, 3);
      await until("none is kept", () => open() === 0);
    }
  });

  it("says the client of each stream of an HTTP/2 connection in front", async (t) => {
    const under = await startProxy();
    t.after(() => under.close());
    under.routes([route({ type: "network", address: `http://127.0.0.1:${under.server.port}` }, sends("v2"))]);
    under.server.onData = (connection) => {
      if (connection.received.endsWith("\r\n\r\n")) connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    };
    const front = await under.proxy.listen({ host: "127.0.0.1", port: 0, http2: true });
    const session = connect(`http://127.0.0.1:${front.port}`);
    t.after(() => session.destroy());
    await new Promise<void>((resolve) => {
      session.request({ ":path": "/" }).resume().on("close", resolve);
    });
    const header = readProxyHeader(Buffer.from(under.server.connections[0]?.received ?? "", "latin1"));
    assert.ok(typeof header === "object");
    assert.deepEqual(header.addresses, {
      sourceAddress: "127.0.0.1",
      sourcePort: session.socket.localPort,
      destinationAddress: "127.0.0.1",
      destinationPort: front.port,
    });
  });
});
