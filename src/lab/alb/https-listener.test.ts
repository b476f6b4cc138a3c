import assert from "node:assert/strict";
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { once } from "node:events";
import { type TLSSocket, type ConnectionOptions, connect } from "node:tls";
import { describe, test, type TestContext } from "node:test";
import { issueCertificate, newKeyPair } from "../../x509/index.ts";
import type { CertificateConfig } from "./config.ts";
import { startBalancer, startTarget, type BalancerFixture } from "./testing/balancer-fixture.ts";

const AUTHORITY = newKeyPair();

/** A certificate for hosts whose common name is its ARN, so that a client sees which it got. */
function issued(
  arn: string,
  hosts: readonly string[],
  keys: { publicKey: KeyObject; privateKey: KeyObject } = newKeyPair(),
  days = 30,
): CertificateConfig {
  const nowMs = Date.now();
  const certificate = issueCertificate({
    subject: arn,
    publicKey: keys.publicKey,
    issuer: "authority",
    signingKey: AUTHORITY.privateKey,
    alternativeNames: hosts,
    validFromMs: nowMs - 3_600_000,
    validUntilMs: nowMs + days * 86_400_000,
  });
  return { arn, certificate, privateKey: keys.privateKey.export({ type: "pkcs8", format: "pem" }) };
}

const rsa = (modulusLength: number): { publicKey: KeyObject; privateKey: KeyObject } => generateKeyPairSync("rsa", { modulusLength });

/** A load balancer with one healthy target behind an HTTPS listener that says what the target got. */
async function start(t: TestContext, certificates: readonly CertificateConfig[], tls: object = {}): Promise<BalancerFixture> {
  const target = await startTarget((request, response) => response.end(JSON.stringify(request.headers)));
  t.after(() => target.close());
  const fixture = await startBalancer([target], {
    balancer: { certificates },
    listener: { protocol: "HTTPS", externalPort: 443, tls: { certificates: certificates.map(({ arn }) => arn), ...tls } },
  });
  t.after(() => fixture.alb.close());
  await fixture.until(() => fixture.stateOf(0) === "healthy");
  return fixture;
}

async function connected(port: number, options: ConnectionOptions): Promise<TLSSocket> {
  const socket = connect({ port, host: "127.0.0.1", rejectUnauthorized: false, ...options });
  await once(socket, "secureConnect");
  return socket;
}

/** The name in the certificate that a client of this server name gets. */
async function certificateFor(port: number, options: ConnectionOptions): Promise<string> {
  const socket = await connected(port, options);
  const { subject } = socket.getPeerCertificate();
  socket.destroy();
  return String(subject.CN);
}

async function ask(port: number, path = "/"): Promise<string> {
  const socket = await connected(port, { servername: "shop.example" });
  socket.write(`GET ${path} HTTP/1.1\r\nHost: Shop.example\r\nConnection: close\r\n\r\n`);
  const chunks: Buffer[] = [];
  for await (const chunk of socket as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

describe("an HTTPS listener", () => {
  test("ends TLS and tells the target so", async (t) => {
    const { port } = await start(t, [issued("a", ["shop.example"])]);
    const answer = await ask(port);
    assert.match(answer, /^HTTP\/1\.1 200 /);
    assert.match(answer, /"x-forwarded-proto":"https","x-forwarded-port":"443"/);
    assert.match(answer, /"host":"shop\.example"/);
  });

  test("a client gets the certificate for its name, the default one for no name and for one that none has", async (t) => {
    const { port } = await start(t, [
      issued("default", ["default.example"]),
      issued("wild", ["*.shop.example"]),
      issued("exact", ["pay.example", "PAY2.example"]),
    ]);
    for (const [servername, wanted] of [
      ["pay.example", "exact"],
      ["PAY2.EXAMPLE", "exact"],
      ["cart.shop.example", "wild"],
      ["a.cart.shop.example", "default"],
      ["shop.example", "default"],
      ["other.example", "default"],
    ] as const)
      assert.equal(await certificateFor(port, { servername }), wanted, servername);
    assert.equal(await certificateFor(port, {}), "default");
  });

  test("of several for one name a client gets ECDSA before RSA, then the longest key, then the longest validity", async (t) => {
    const { port } = await start(t, [
      issued("default", ["default.example"]),
      issued("rsa", ["shop.example", "old.example"], rsa(2048)),
      issued("rsa-long", ["shop.example", "old.example"], rsa(3072)),
      issued("ec-short-lived", ["shop.example"], newKeyPair(), 10),
      issued("ec", ["shop.example"], newKeyPair(), 20),
    ]);
    assert.equal(await certificateFor(port, { servername: "shop.example" }), "ec");
    assert.equal(await certificateFor(port, { servername: "old.example" }), "rsa-long");
  });

  test("speaks the versions of its policy and no others", async (t) => {
    const { port } = await start(t, [issued("a", ["shop.example"])], { minVersion: "TLSv1.3", ciphers: "TLS_AES_128_GCM_SHA256" });
    await assert.rejects(connected(port, { maxVersion: "TLSv1.2" }));
    const socket = await connected(port, {});
    assert.deepEqual([socket.getProtocol(), socket.getCipher().name], ["TLSv1.3", "TLS_AES_128_GCM_SHA256"]);
    socket.destroy();
  });

  test("certificates are added and the default one replaced without closing what is open", async (t) => {
    const [first, second] = [issued("first", ["a.example"]), issued("second", ["b.example"])];
    const fixture = await start(t, [first]);
    const { port } = fixture;
    const open = await connected(port, { servername: "a.example" });
    const change = (certificates: readonly CertificateConfig[]): Promise<void> =>
      fixture.change(({ listeners }) => ({
        certificates,
        listeners: listeners.map((listener) => ({ ...listener, tls: { certificates: certificates.map(({ arn }) => arn) } })),
      }));
    await change([first, second]);
    assert.deepEqual([await certificateFor(port, { servername: "b.example" }), await certificateFor(port, {})], ["second", "first"]);
    await change([second]);
    assert.deepEqual([await certificateFor(port, { servername: "a.example" }), await certificateFor(port, {})], ["second", "second"]);
    open.write("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n");
    const [bytes] = (await once(open, "data")) as [Buffer];
    assert.match(bytes.toString(), /^HTTP\/1\.1 200 /);
    open.destroy();
    const broken = { ...issued("broken", ["c.example"]), privateKey: second.privateKey };
    await assert.rejects(change([second, broken]), { code: "ALB_BAD_TLS" });
    assert.equal(await certificateFor(port, {}), "second");
  });

  test("an HTTP listener leads to it, and a port changes its protocol", async (t) => {
    const redirect = { type: "redirect", statusCode: 301, protocol: "HTTPS", port: "443" };
    const fixture = await start(t, [issued("a", ["shop.example"])]);
    assert.match(await ask(fixture.port, "/cart?x=1"), /^HTTP\/1\.1 200 /);
    await fixture.change(() => ({ listeners: [{ port: 0, protocol: "HTTP", externalPort: 80, defaultAction: redirect }] }));
    const response = await fetch(`http://127.0.0.1:${fixture.alb.ports[0]}/cart?x=1`, { redirect: "manual" });
    assert.deepEqual([response.status, response.headers.get("location")], [301, "https://127.0.0.1:443/cart?x=1"]);
  });
});

test("targets may speak HTTPS with certificates that nobody would believe", async (t) => {
  const { certificate, privateKey } = issued("target", ["nobody.example"]);
  let checks = 0;
  const server = createServer({ cert: certificate, key: privateKey }, (request, response) => {
    if (request.url === "/readyz") checks += 1;
    response.end("over TLS");
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const target = { id: "127.0.0.1", port: (server.address() as AddressInfo).port, close: () => Promise.resolve() };
  const fixture = await startBalancer([target], { group: { protocol: "HTTPS" }, healthCheck: { protocol: "HTTPS" } });
  t.after(() => fixture.alb.close());
  await fixture.until(() => fixture.stateOf(0) === "healthy");
  assert.ok(checks > 0);
  assert.equal(await (await fetch(`http://127.0.0.1:${fixture.port}/`)).text(), "over TLS");
});
