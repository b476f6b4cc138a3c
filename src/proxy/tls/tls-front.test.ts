import assert from "node:assert/strict";
import { once } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import { connect as connectTcp } from "node:net";
import { type TestContext, describe, it } from "node:test";
import { type ConnectionOptions, type TLSSocket, connect } from "node:tls";
import type { ListenOptions, TlsFront, TlsMaterial } from "../index.ts";
import { TestAuthority } from "../../x509/testing/test-authority.ts";
import { type ProxyUnderTest, route, startProxy } from "../testing/proxy-under-test.ts";

const authority = new TestAuthority();
const shop = { name: "shop", ...authority.issue(["shop.example.org"]) };
const wild = { name: "wild", ...authority.issue(["*.example.org"]) };
const fallback = { name: "default", ...authority.issue(["localhost", "127.0.0.1"]) };
const KEY = new Uint8Array(48).fill(7);
const WALL_MS = Date.now();

const material: TlsMaterial = {
  certificates: [shop, wild, fallback],
  defaultName: "default",
  clientCertificates: "off",
  ticketKey: KEY,
};

interface Secured {
  readonly under: ProxyUnderTest;
  readonly front: TlsFront;
  readonly port: number;
  open(options?: ConnectionOptions): Promise<TLSSocket>;
  /** One request and its answer on a connection that stays. */
  ask(socket: TLSSocket): Promise<string>;
}

async function secured(
  t: TestContext,
  first: TlsMaterial = material,
  listen: Partial<ListenOptions> = {},
  handshakeMs = 10_000,
): Promise<Secured> {
  const under = await startProxy();
  under.server.answer((request) => {
    const proto = /X-Forwarded-Proto: (\w+)/.exec(request)?.[1] ?? "";
    return `HTTP/1.1 200 OK\r\nContent-Length: ${proto.length}\r\n\r\n${proto}`;
  });
  const front = under.proxy.createTlsFront({ handshakeMs, http2: listen.http2 === true });
  front.update(first);
  const { port } = await under.proxy.listen({ host: "127.0.0.1", port: 0, tls: front, ...listen });
  const sockets: TLSSocket[] = [];
  t.after(async () => {
    for (const socket of sockets) socket.destroy();
    await under.close();
  });
  return {
    under,
    front,
    port,
    async open(options = {}) {
      const socket = connect({ port, host: "127.0.0.1", ca: authority.certificate, servername: "shop.example.org", ...options });
      sockets.push(socket);
      await once(socket, "secureConnect");
      return socket;
    },
    async ask(socket) {
      socket.write("GET / HTTP/1.1\r\nHost: example.org\r\n\r\n");
      let text = "";
      while (!text.endsWith("http") && !text.endsWith("https")) {
        const [data] = (await once(socket, "data")) as [Buffer];
        text += data.toString("latin1");
      }
      return text;
    },
  };
}

function subjectOf(socket: TLSSocket): string {
  return String(socket.getPeerCertificate().subject.CN);
}

describe("a TLS listener", () => {
  it("serves HTTP/1.1 and says https to endpoints", async (t) => {
    const { open, ask } = await secured(t);
    const socket = await open({ ALPNProtocols: ["http/1.1"] });
    assert.equal(socket.alpnProtocol, "http/1.1");
    assert.match(await ask(socket), /^HTTP\/1.1 200 OK\r\n[^]*https$/);
    assert.match(await ask(socket), /https$/);
  });

  it("serves HTTP/2 to clients that offer it, where the listener does", async (t) => {
    const { port } = await secured(t, material, { http2: true });
    const session = connectHttp2(`https://127.0.0.1:${port}`, { ca: authority.certificate, servername: "shop.example.org" });
    t.after(() => session.destroy());
    const stream = session.request({ ":path": "/", ":authority": "example.org" });
    const [headers] = (await once(stream, "response")) as [Record<string, unknown>];
    assert.equal(headers[":status"], 200);
    assert.equal(String((await once(stream, "data"))[0]), "https");
  });

  it("chooses the certificate by server name: exact, wildcard, default", async (t) => {
    const { open } = await secured(t);
    assert.equal(subjectOf(await open({ servername: "shop.example.org" })), "shop.example.org");
    assert.equal(subjectOf(await open({ servername: "SHOP.example.org", checkServerIdentity: () => undefined })), "shop.example.org");
    assert.equal(subjectOf(await open({ servername: "other.example.org" })), "*.example.org");
    assert.equal(subjectOf(await open({ servername: "a.b.example.org", checkServerIdentity: () => undefined })), "localhost");
    assert.equal(subjectOf(await open({ servername: "" })), "localhost");
  });

  it("serves a certificate for the names it is given for, after those that are for all they have", async (t) => {
    const given = {
      name: "given",
      ...authority.issue(["shop.example.org", "given.example.org"], "given", 900),
      hosts: ["given.example.org"],
    };
    const { front, open } = await secured(t, { ...material, certificates: [given, shop, fallback] });
    assert.equal(subjectOf(await open({ servername: "given.example.org" })), "given");
    assert.equal(subjectOf(await open()), "shop.example.org");
    front.update({ ...material, certificates: [{ ...given, hosts: ["shop.example.org"] }, shop, fallback] });
    assert.equal(subjectOf(await open()), "shop.example.org");
    assert.equal(subjectOf(await open({ servername: "given.example.org", checkServerIdentity: () => undefined })), "localhost");
  });

  it("refuses a name that no certificate is for when there is no default", async (t) => {
    const { under, open } = await secured(t, { ...material, certificates: [shop] });
    await assert.rejects(open({ servername: "example.net" }));
    assert.equal(under.metric("holdfast_tls_handshake_failures_total", "name"), 1);
  });

  it("refuses TLS 1.1, old ciphers and what is not TLS", async (t) => {
    const { under, port, open } = await secured(t);
    await assert.rejects(open({ minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" }));
    await assert.rejects(open({ maxVersion: "TLSv1.2", ciphers: "ECDHE-ECDSA-AES256-SHA" }));
    const plain = connectTcp(port, "127.0.0.1").on("error", () => {});
    plain.end("GET / HTTP/1.1\r\nHost: example.org\r\n\r\n");
    plain.resume();
    await once(plain, "close");
    assert.equal(under.metric("holdfast_tls_handshake_failures_total", "protocol"), 3);
    assert.equal(under.server.connections.length, 0);
  });

  it("takes TLS 1.2", async (t) => {
    const { open, ask } = await secured(t);
    const socket = await open({ maxVersion: "TLSv1.2" });
    assert.equal(socket.getProtocol(), "TLSv1.2");
    assert.match(await ask(socket), /https$/);
  });

  it("closes a handshake that takes too long", async (t) => {
    const { under, port } = await secured(t, material, {}, 50);
    const idle = connectTcp(port, "127.0.0.1").on("error", () => {});
    idle.resume();
    await once(idle, "close");
    assert.equal(under.metric("holdfast_tls_handshake_failures_total", "timeout"), 1);
    assert.equal(under.proxy.stats().connections, 0);
  });

  it("changes certificates without dropping a connection, and keeps one whose successor is broken", async (t) => {
    const { under, front, open, ask } = await secured(t);
    const before = await open();
    assert.match(await ask(before), /https$/);
    const renewed = { name: "shop", ...authority.issue(["shop.example.org"], "renewed") };
    assert.deepEqual(front.update({ ...material, certificates: [renewed, fallback] }), []);
    assert.equal(subjectOf(await open()), "renewed");
    assert.match(await ask(before), /https$/);
    const problems = front.update({ ...material, certificates: [{ ...renewed, key: fallback.key }, fallback] });
    assert.deepEqual(problems, ["shop: the key is not that of the certificate; the one of before is served on"]);
    assert.equal(subjectOf(await open()), "renewed");
    assert.match(await ask(before), /https$/);
    const none = [
      { ...renewed, name: "one", key: "none" },
      { ...renewed, name: "other", certificate: "none" },
    ];
    assert.deepEqual(front.update({ ...material, certificates: [renewed, fallback, ...none] }), [
      "one: there is no private key in PEM in it; it is not served",
      "other: there is no certificate in PEM in it; it is not served",
    ]);
    assert.equal(under.metric("holdfast_tls_certificate_problems_total"), 3);
    assert.deepEqual(front.validity(WALL_MS), { counts: { valid: 2, expiring: 0, expired: 0 }, ending: [] });
    assert.equal(under.metric("holdfast_tls_certificates", "valid"), 2);
  });

  it("counts certificates that expire soon and those that have, and says which", async (t) => {
    const soon = { name: "soon", ...authority.issue(["soon.example.org"], "soon", 3) };
    const over = { name: "over", ...authority.issue(["over.example.org"], "over", -1) };
    const { under, front } = await secured(t, { ...material, certificates: [soon, over, shop] });
    assert.deepEqual(
      front.validity(WALL_MS).ending.map(({ name, hosts, validity }) => ({ name, hosts, validity })),
      [
        { name: "over", hosts: ["over.example.org"], validity: "expired" },
        { name: "soon", hosts: ["soon.example.org"], validity: "expiring" },
      ],
    );
    assert.deepEqual(
      ["valid", "expiring", "expired"].map((state) => under.metric("holdfast_tls_certificates", state)),
      [1, 1, 1],
    );
  });
});

/** The ticket that a connection is given. */
async function ticketOf(socket: TLSSocket, ask: Secured["ask"]): Promise<Buffer> {
  // TLS 1.2 gives it within the handshake.
  const session12 = socket.getSession();
  if (socket.getProtocol() === "TLSv1.2" && session12 !== undefined) return session12;
  const given = once(socket, "session");
  await ask(socket);
  const [session] = (await given) as [Buffer];
  return session;
}

describe("session tickets", () => {
  for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
    it(`of one worker are good at another with the same key (${version}), also by server name`, async (t) => {
      const one = await secured(t);
      const other = await secured(t);
      const session = await ticketOf(await one.open({ maxVersion: version }), one.ask);
      const resumed = await other.open({ maxVersion: version, session });
      assert.equal(resumed.isSessionReused(), true);
      assert.match(await other.ask(resumed), /https$/);
      assert.equal(other.under.metric("holdfast_tls_handshakes_total", "true"), 1);
    });
  }

  it("of another key are worth a full handshake", async (t) => {
    const one = await secured(t);
    const session = await ticketOf(await one.open(), one.ask);
    one.front.setTicketKey(new Uint8Array(48).fill(8));
    const again = await one.open({ session });
    assert.equal(again.isSessionReused(), false);
    assert.match(await one.ask(again), /https$/);
  });
});

describe("client certificates", () => {
  const clients = new TestAuthority("clients");
  const known = clients.issue(["client.example.org"], "known");
  const stranger = new TestAuthority("clients").issue(["client.example.org"], "stranger");
  const asking = (clientCertificates: "optional" | "required"): TlsMaterial => ({
    ...material,
    clientCertificates,
    clientAuthorities: clients.certificate,
  });
  const pair = ({ certificate, key }: { readonly certificate: string; readonly key: string }): ConnectionOptions => ({
    cert: certificate,
    key,
  });
  /** In TLS 1.3 a client hears of its refusal when it reads. */
  const isServed = async ({ open, ask }: Secured, options: ConnectionOptions): Promise<boolean> => {
    try {
      const socket = await open(options);
      const lost = once(socket, "close").then(() => false);
      return await Promise.race([ask(socket).then(() => true), lost]);
    } catch {
      return false;
    }
  };

  for (const servername of ["shop.example.org", ""]) {
    const name = servername === "" ? "no server name" : "a server name";
    it(`that are required let in whom the authority knows, with ${name}`, async (t) => {
      const listener = await secured(t, asking("required"));
      const identity = { servername, checkServerIdentity: () => undefined };
      assert.equal(await isServed(listener, { ...identity, ...pair(known) }), true);
      assert.equal(await isServed(listener, identity), false);
      assert.equal(await isServed(listener, { ...identity, ...pair(stranger) }), false);
      assert.equal(listener.under.metric("holdfast_tls_handshake_failures_total", "clientCertificate"), 2);
    });
  }

  it("that are optional let in who shows none, and refuse who shows a wrong one", async (t) => {
    const listener = await secured(t, asking("optional"));
    assert.equal(await isServed(listener, {}), true);
    assert.equal(await isServed(listener, pair(known)), true);
    assert.equal(await isServed(listener, pair(stranger)), false);
    assert.equal(listener.under.metric("holdfast_tls_handshake_failures_total", "clientCertificate"), 1);
  });

  it("are seen by filters, and only those that were checked", async (t) => {
    const listener = await secured(t, asking("optional"));
    const seen: (string | undefined)[] = [];
    const { server, routes } = listener.under;
    server.answer((request) => {
      seen.push(/x-forwarded-tls-client-cert: (.*)\r\n/i.exec(request)?.[1]);
      return "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhttps";
    });
    routes([route({ type: "network", address: `http://127.0.0.1:${server.port}` }, [{ name: "tlsPassClientCertificates", args: [] }])]);
    await listener.ask(await listener.open(pair(known)));
    const stranger = await listener.open();
    stranger.write("GET / HTTP/1.1\r\nHost: example.org\r\nX-Forwarded-Tls-Client-Cert: mine\r\n\r\n");
    await once(stranger, "data");
    assert.deepEqual(seen, [known.certificate.replaceAll(/-----[^-]*-----|\n/g, ""), undefined]);
  });

  it("are checked anew when the authorities change: an old ticket vouches for nobody", async (t) => {
    const listener = await secured(t, asking("required"));
    const session = await ticketOf(await listener.open(pair(known)), listener.ask);
    assert.equal((await listener.open({ ...pair(known), session })).isSessionReused(), true);
    listener.front.update({ ...asking("required"), clientAuthorities: new TestAuthority("others").certificate });
    assert.equal(await isServed(listener, { ...pair(known), session }), false);
  });

  it("can not be asked for without authorities", async (t) => {
    const { under } = await secured(t);
    const front = under.proxy.createTlsFront();
    assert.throws(() => front.update({ ...material, clientCertificates: "required" }), { code: "PROXY_TLS" });
  });
});
