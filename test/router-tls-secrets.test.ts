import assert from "node:assert/strict";
import { once } from "node:events";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { type TLSSocket, connect } from "node:tls";

import { until } from "../src/kernel/testing/until.ts";
import { servedSubject } from "../src/x509/testing/served-subject.ts";
import { type Issued, TestAuthority } from "../src/x509/testing/test-authority.ts";
import { startCluster } from "./router-cluster.ts";
import { holdfast, startApplication, startRouter, testFolder, writeKubeconfig } from "./router-kit.ts";

const PATIENCE_MS = 60_000;
const SECRETS = "/api/v1/namespaces/default/secrets";
const INGRESSES = "/apis/networking.k8s.io/v1/namespaces/default/ingresses";
const MERGE = { "content-type": "application/merge-patch+json" };
const authority = new TestAuthority();

function dataOf({ certificate, key }: Issued): object {
  return { "tls.crt": Buffer.from(certificate).toString("base64"), "tls.key": Buffer.from(key).toString("base64") };
}

const subjectOf = (port: number, name: string): Promise<string | undefined> => servedSubject(port, name, authority.certificate);

test("certificates of Secrets that an Ingress names are served, followed, kept when they break, and there again after a restart", async (t) => {
  const cluster = await startCluster(t);
  const call = async (method: string, path: string, body?: object, headers = {}): Promise<void> => {
    const { code } = await cluster.api.call(method, path, body, headers);
    assert.ok(code < 300, `${method} ${path}: ${code}`);
  };
  const secret = (name: string, data: object): Promise<void> =>
    call("POST", SECRETS, { apiVersion: "v1", kind: "Secret", type: "kubernetes.io/tls", metadata: { name, namespace: "default" }, data });
  await cluster.expose(await startApplication(t, "shop"));
  await secret("shop-tls", dataOf(authority.issue(["shop.example.org"], "first")));
  // Valid longer, and for a host that the Ingress which names it has no routes for.
  await secret("thief-tls", dataOf(authority.issue(["shop.example.org", "thief.example.org"], "thief", 900)));
  await cluster.createIngress("thief", "thief.example.org");
  await call(
    "PATCH",
    `${INGRESSES}/thief`,
    { spec: { tls: [{ hosts: ["thief.example.org", "shop.example.org"], secretName: "thief-tls" }] } },
    MERGE,
  );
  await secret("other-tls", dataOf(authority.issue(["other.example.org"], "other")));
  await call(
    "PATCH",
    `${INGRESSES}/shop`,
    { spec: { tls: [{ hosts: ["shop.example.org"], secretName: "shop-tls" }, { secretName: "missing" }] } },
    MERGE,
  );

  const folder = await testFolder(t);
  const kubeconfig = await writeKubeconfig(folder, cluster.api.url, cluster.api.adminToken);
  const snapshot = join(folder, "snapshot");
  const args = ["--kubeconfig", kubeconfig, "--snapshot", snapshot, "--workers", "1", "--listen-tls", "127.0.0.1:0", "--tls-secrets"];
  const router = await startRouter(t, [...args, "--drain-delay", "0"]);
  const portOf = ({ stdout }: { stdout(): string }): number => Number(/TLS on \S+ port (\d+)/.exec(stdout())?.[1]);
  const port = portOf(router);
  const shows = (name: string): Promise<unknown> =>
    until(`${name} is served`, async () => (await subjectOf(port, "shop.example.org")) === name, PATIENCE_MS);

  await shows("first");
  assert.equal(await subjectOf(port, "other.example.org"), undefined, "nobody asked for it");
  assert.equal(await subjectOf(port, "thief.example.org"), "thief");
  assert.equal(await subjectOf(port, "shop.example.org"), "first", "whatever others ask for");
  await until(
    "the owner hears of it",
    async () =>
      (await cluster.events()).some(
        ({ object, message }) => object === "Ingress thief" && message.includes("spec.tls[0].hosts: it has no routes for shop.example.org"),
      ),
    PATIENCE_MS,
  );
  await until(
    "the one that is missing is told",
    async () => (await router.status()).problems.some(({ message }) => message.includes("default/missing")),
    PATIENCE_MS,
  );
  await router.settled();
  for (const name of ["state-tls-pairs", "state-kind-secrets"])
    await until(`${name} is for the router alone`, async () => ((await stat(join(snapshot, name))).mode & 0o777) === 0o600, PATIENCE_MS);

  const kept: TLSSocket = connect({ port, host: "127.0.0.1", ca: authority.certificate, servername: "shop.example.org" });
  t.after(() => kept.destroy());
  await once(kept, "secureConnect");
  await call("PATCH", `${SECRETS}/shop-tls`, { data: dataOf(authority.issue(["shop.example.org"], "second")) }, MERGE);
  await shows("second");
  kept.write("GET / HTTP/1.1\r\nHost: shop.example.org\r\n\r\n");
  assert.match(String((await once(kept, "data"))[0]), /^HTTP\/1\.1 200 /);

  await call("PATCH", `${SECRETS}/shop-tls`, { data: { "tls.key": Buffer.from("none").toString("base64") } }, MERGE);
  await until(
    "the router says that it is broken",
    async () =>
      (await router.status()).problems.some(({ object, lastGoodServes }) => object === "Secret default/shop-tls" && lastGoodServes),
    PATIENCE_MS,
  );
  assert.equal(await subjectOf(port, "shop.example.org"), "second");
  assert.doesNotMatch(router.stderr(), /PRIVATE KEY/);

  router.child.kill("SIGTERM");
  await router.ended;
  await cluster.api.close();
  const again = await startRouter(t, args);
  assert.equal(await subjectOf(portOf(again), "shop.example.org"), "second", "from the snapshot, without the API server");
});

test("a router that is to take certificates from Secrets of no cluster says so in one line and ends with 2", async (t) => {
  const program = holdfast(t, [
    "router",
    "--routes",
    "none.eskip",
    "--listen",
    "127.0.0.1:0",
    "--listen-tls",
    "127.0.0.1:0",
    "--tls-secrets",
  ]);
  assert.equal(await program.ended, 2);
  assert.match(program.stderr(), /--tls-secrets needs a cluster/);
});
