import assert from "node:assert/strict";
import { once } from "node:events";
import { rename, writeFile } from "node:fs/promises";
import { connect as connectHttp2 } from "node:http2";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { type ConnectionOptions, type TLSSocket, connect } from "node:tls";
import { until } from "../src/kernel/testing/until.ts";
import { TestAuthority } from "../src/x509/testing/test-authority.ts";
import { holdfast, startRouter, testFolder } from "./router-kit.ts";

const authority = new TestAuthority();
/** Workers look at their files every two seconds, and the machine may have other work. */
const PATIENCE_MS = 30_000;

async function put(folder: string, name: string, pair: { readonly certificate: string; readonly key: string }): Promise<void> {
  for (const [file, text] of [
    [`${name}.key`, pair.key],
    [`${name}.crt`, pair.certificate],
  ] as const) {
    await writeFile(join(folder, `.${file}`), text);
    await rename(join(folder, `.${file}`), join(folder, file));
  }
}

async function routesFile(folder: string): Promise<string> {
  const file = join(folder, "routes.eskip");
  await writeFile(file, 'all: * -> status(200) -> inlineContent("served") -> <shunt>;\n');
  return file;
}

async function startTls(
  t: TestContext,
  args: readonly string[] = [],
): Promise<{ readonly folder: string; readonly tlsPort: number; readonly port: number; metrics(): Promise<string> }> {
  const folder = await testFolder(t);
  await put(folder, "default", authority.issue(["localhost", "127.0.0.1"], "first"));
  const routes = await routesFile(folder);
  const router = await startRouter(t, [
    "--routes",
    routes,
    "--listen-tls",
    "127.0.0.1:0",
    "--tls-certificates",
    folder,
    "--workers",
    "2",
    ...args,
  ]);
  const tlsPort = Number(/TLS on \S+ port (\d+)/.exec(router.stdout())?.[1]);
  await router.settled();
  return { folder, tlsPort, port: router.port, metrics: async () => (await router.admin("/metrics")).body };
}

async function open(t: TestContext, port: number, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = connect({ port, host: "127.0.0.1", ca: authority.certificate, ...options });
  t.after(() => socket.destroy());
  await once(socket, "secureConnect");
  return socket;
}

async function ask(socket: TLSSocket): Promise<string> {
  socket.write("GET / HTTP/1.1\r\nHost: example.org\r\n\r\n");
  return String((await once(socket, "data"))[0]);
}

function subjectOf(socket: TLSSocket): string {
  return String(socket.getPeerCertificate().subject.CN);
}

test("a router serves TLS, takes a new certificate without dropping a connection, and resumes sessions in any worker", async (t) => {
  const { folder, tlsPort, metrics } = await startTls(t);
  const before = await open(t, tlsPort);
  assert.match(await ask(before), /served$/);
  assert.equal(subjectOf(before), "first");

  await put(folder, "default", authority.issue(["localhost", "127.0.0.1"], "second"));
  // Each worker looks for itself: as many connections in a row as make a worker left behind improbable.
  await until(
    "every worker has the new certificate",
    async () => {
      for (let count = 0; count < 8; count++) if (subjectOf(await open(t, tlsPort)) !== "second") return false;
      return true;
    },
    PATIENCE_MS,
  );
  assert.match(await ask(before), /served$/);

  const session = await new Promise<Buffer>((resolve, reject) => {
    void open(t, tlsPort, { servername: "localhost" }).then((socket) => {
      socket.once("session", resolve);
      return ask(socket);
    }, reject);
  });
  for (let count = 0; count < 12; count++) {
    const again = await open(t, tlsPort, { session, servername: "localhost" });
    assert.equal(again.isSessionReused(), true);
    assert.match(await ask(again), /served$/);
    again.destroy();
  }
  // A worker that is slow to answer is counted as it was when it last did.
  await until("all are counted", async () => /holdfast_tls_handshakes_total\{resumed="true"\} 12\n/.test(await metrics()), PATIENCE_MS);
});

test("a router serves HTTP/2 over TLS, and without where it was told to", async (t) => {
  const { tlsPort, port } = await startTls(t, ["--h2c"]);
  for (const session of [
    connectHttp2(`https://127.0.0.1:${tlsPort}`, { ca: authority.certificate }),
    connectHttp2(`http://127.0.0.1:${port}`),
  ]) {
    t.after(() => session.destroy());
    const stream = session.request({ ":path": "/", ":authority": "example.org" });
    assert.equal((await once(stream, "response"))[0][":status"], 200);
    assert.equal(String((await once(stream, "data"))[0]), "served");
  }
});

test("a router asks clients for certificates when it was told whose", async (t) => {
  const clients = new TestAuthority("clients");
  const file = join(await testFolder(t), "clients.crt");
  await writeFile(file, clients.certificate);
  const { tlsPort } = await startTls(t, ["--tls-client-ca", file]);
  const { certificate: cert, key } = clients.issue(["client"], "client");
  assert.match(await ask(await open(t, tlsPort, { cert, key })), /served$/);
  const refused = connect({ port: tlsPort, host: "127.0.0.1", ca: authority.certificate });
  refused.on("error", () => {});
  refused.resume();
  await once(refused, "close");
});

test("a certificate that expires soon, and one that is broken, are told in the status and once in the log", async (t) => {
  const folder = await testFolder(t);
  await put(folder, "default", authority.issue(["localhost"], "default"));
  await put(folder, "soon", authority.issue(["soon.example.org"], "soon", 3));
  const routes = await routesFile(await testFolder(t));
  const args = ["--routes", routes, "--listen-tls", "127.0.0.1:0", "--tls-certificates", folder, "--workers", "2"];
  const router = await startRouter(t, args);
  await router.settled();
  const { ending, ...counts } = await router.status().then(({ certificates }) => certificates ?? assert.fail("nothing was said"));
  assert.deepEqual(counts, { valid: 1, expiring: 1, expired: 0, problems: [] });
  assert.deepEqual(
    ending.map(({ name, state }) => [name, state]),
    [["soon", "expiring"]],
  );
  await put(folder, "soon", { ...authority.issue(["soon.example.org"], "soon"), key: "none" });
  await until("the router says that it is broken", async () => (await router.status()).certificates?.problems.length === 1, PATIENCE_MS);
  await until("it is logged", () => router.stderr().includes("certificates are not served as they are"), PATIENCE_MS);
  assert.equal(router.stderr().split("certificate expires within two weeks").length, 2, router.stderr());
});

for (const [what, args, line] of [
  ["no folder of certificates", ["--listen-tls", "127.0.0.1:0"], /--listen-tls needs --tls-certificates DIR/],
  ["an empty folder", ["--listen-tls", "127.0.0.1:0", "--tls-certificates", "FOLDER"], /--tls-certificates .*: there is no NAME\.crt/],
  ["certificates and no listener", ["--tls-certificates", "FOLDER"], /give it too/],
  ["a block that is none", ["--proxy-protocol", "--proxy-protocol-from", "10.0.0.0/40"], /--proxy-protocol-from "10\.0\.0\.0\/40": write/],
] as const) {
  test(`a router that is given ${what} says so in one line and ends with 2`, async (t) => {
    const folder = await testFolder(t);
    const routes = await routesFile(await testFolder(t));
    const given = args.map((arg) => (arg === "FOLDER" ? folder : arg));
    const program = holdfast(t, ["router", "--routes", routes, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", ...given]);
    assert.equal(await program.ended, 2);
    assert.match(program.stderr(), line);
    assert.equal(program.stderr().trim().split("\n").length, 1);
  });
}
