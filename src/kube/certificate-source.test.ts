import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { type Server, createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { TLSSocket } from "node:tls";
import { isRecord, seededRandom } from "../kernel/index.ts";
import { ManualClock } from "../kernel/testing/manual-clock.ts";
import { TestAuthority } from "../x509/testing/test-authority.ts";
import { createKubeClient, loadKubeconfig } from "./index.ts";

const authority = new TestAuthority();
const SERVER = authority.issue(["127.0.0.1"]);
const CLIENTS = { a: authority.issue([], "a"), b: authority.issue([], "b") };

interface Rig {
  readonly clock: ManualClock;
  /** Puts a certificate, a key or both of these names on disk. */
  readonly write: (cert: "a" | "b", key?: "a" | "b") => Promise<void>;
  /** Who the server takes the client for. */
  readonly whoAmI: () => Promise<unknown>;
  /** Requests the server has had. */
  readonly requests: () => number;
  /** Whom the server refuses. */
  refuse(name: string): void;
}

/** A server that wants client certificates, and a client whose kubeconfig names files that hold the one of `a`. */
async function rig(t: TestContext): Promise<Rig> {
  let refused = "";
  let requests = 0;
  const server: Server = createServer(
    { cert: SERVER.certificate, key: SERVER.key, ca: authority.certificate, requestCert: true, rejectUnauthorized: true },
    (request, response) => {
      requests++;
      const user = (request.socket as TLSSocket).getPeerCertificate().subject.CN;
      response.statusCode = user === refused ? 401 : 200;
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify(user === refused ? { kind: "Status", apiVersion: "v1", status: "Failure", code: 401 } : { user }));
    },
  );
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const directory = await mkdtemp(join(tmpdir(), "holdfast-certificate-"));
  const write: Rig["write"] = async (cert, key = cert) => {
    await writeFile(join(directory, "client.crt"), CLIENTS[cert].certificate);
    await writeFile(join(directory, "client.key"), CLIENTS[key].key);
  };
  await write("a");
  await writeFile(join(directory, "ca.crt"), authority.certificate);
  await writeFile(
    join(directory, "kubeconfig"),
    `current-context: c
contexts: [{ name: c, context: { cluster: c, user: u } }]
clusters: [{ name: c, cluster: { server: "https://127.0.0.1:${(server.address() as AddressInfo).port}", certificate-authority: ca.crt } }]
users: [{ name: u, user: { client-certificate: client.crt, client-key: client.key } }]
`,
  );
  const clock = new ManualClock();
  const client = createKubeClient(
    { cluster: await loadKubeconfig(join(directory, "kubeconfig")), caller: { attempts: 1 } },
    { clock, random: seededRandom(1) },
  );
  t.after(async () => {
    await client.close();
    server.closeAllConnections();
    server.close();
    await rm(directory, { recursive: true, maxRetries: 20, retryDelay: 100 });
  });
  return {
    clock,
    write,
    async whoAmI() {
      const answer = await client.requestJson({ path: "/whoami" });
      return isRecord(answer) ? answer["user"] : answer;
    },
    requests: () => requests,
    refuse(name) {
      refused = name;
    },
  };
}

test("a client certificate that is replaced on disk is used within a minute, on new connections", async (t) => {
  const { clock, write, whoAmI } = await rig(t);
  assert.equal(await whoAmI(), "a");
  await write("b");
  assert.equal(await whoAmI(), "a");
  await clock.advance(60_000);
  assert.equal(await whoAmI(), "b");
});

test("a pair of which only one half is written yet is not used", async (t) => {
  const { clock, write, whoAmI } = await rig(t);
  await write("b", "a");
  await clock.advance(60_000);
  assert.equal(await whoAmI(), "a");
  await write("b");
  await clock.advance(60_000);
  assert.equal(await whoAmI(), "b");
});

test("a certificate that the server refuses is read again at once, and the request made once more", async (t) => {
  const { write, whoAmI, refuse, requests } = await rig(t);
  assert.equal(await whoAmI(), "a");
  refuse("a");
  await write("b");
  assert.equal(await whoAmI(), "b");
  assert.equal(requests(), 3);
});

test("a certificate that is refused and not replaced fails after one more try", async (t) => {
  const { whoAmI, refuse, requests } = await rig(t);
  refuse("a");
  await assert.rejects(whoAmI(), { code: "KUBE_UNAUTHORIZED" });
  assert.equal(requests(), 2);
});
