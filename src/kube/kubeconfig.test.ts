import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { AppError } from "../kernel/index.ts";
import { inClusterConfig, loadKubeconfig } from "./index.ts";

const directory = mkdtempSync(join(tmpdir(), "holdfast-kubeconfig-"));
after(() => rmSync(directory, { recursive: true, maxRetries: 20, retryDelay: 100 }));

const PEM = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
const encoded = Buffer.from(PEM).toString("base64");

function file(name: string, content: string): string {
  const path = join(directory, name);
  writeFileSync(path, content);
  return path;
}

function config(user: string, cluster = "server: https://127.0.0.1:6443"): string {
  return `apiVersion: v1
kind: Config
current-context: lab
contexts: [{name: lab, context: {cluster: one, user: admin, namespace: shop}}, {name: bare, context: {cluster: one}}]
clusters: [{name: one, cluster: {${cluster}}}]
users: [{name: admin, user: {${user}}}]
`;
}

test("tokens, token files and client certificates are read, in the file or beside it", async () => {
  file("client.pem", PEM);
  assert.deepEqual(
    await loadKubeconfig(file("token", config("token: abc", `server: https://127.0.0.1:6443, certificate-authority-data: ${encoded}`))),
    {
      server: "https://127.0.0.1:6443",
      ca: PEM,
      credentials: { type: "token", token: "abc" },
      namespace: "shop",
    },
  );
  const beside = await loadKubeconfig(file("cert", config(`client-certificate: client.pem, client-key-data: ${encoded}`)));
  assert.deepEqual(beside.credentials, { type: "certificate", cert: PEM, key: PEM });
  const tokenFile = await loadKubeconfig(file("tokenfile", config("tokenFile: token.txt")));
  assert.deepEqual(tokenFile.credentials, { type: "tokenFile", path: join(directory, "token.txt") });
});

test("another context can be named, and one without a user has no credentials", async () => {
  const { credentials, namespace } = await loadKubeconfig(file("contexts", config("token: abc")), "bare");
  assert.deepEqual({ credentials, namespace }, { credentials: { type: "none" }, namespace: "default" });
});

const bad: readonly (readonly [what: string, content: string, message: RegExp])[] = [
  ["exec plugins", config("exec: {command: aws}"), /plugin "exec", which is not supported; use a token/],
  ["auth-provider plugins", config("auth-provider: {name: gcp}"), /plugin "auth-provider"/],
  ["passwords", config("username: a, password: b"), /username and password/],
  ["half a client certificate", config(`client-certificate-data: ${encoded}`), /only one of client-certificate and client-key/],
  [
    "what is no PEM",
    config("token: a", "server: https://h, certificate-authority-data: aGVsbG8="),
    /certificate-authority-data is not the base64 of a PEM/,
  ],
  ["a file that is not there", config("token: a", "server: https://h, certificate-authority: gone.pem"), /gone\.pem: cannot be read/],
  ["a server that is no URL", config("token: a", "server: localhost"), /cluster "one" has no server like https/],
  ["broken YAML", "a: [1\nb: 2", /:\d+:\d+: not valid YAML/],
  ["no map", "- a", /the file is not a map/],
  ["no current context", "contexts: []", /has no current-context/],
  ["a context that is not there", "current-context: x\ncontexts: []", /no context named "x"/],
  ["a cluster that is not there", config("token: a").replace("name: one", "name: two"), /no cluster named "one"/],
];
for (const [what, content, message] of bad) {
  test(`a kubeconfig with ${what} is refused with one line that says so`, async () => {
    const path = file("bad", content);
    await assert.rejects(loadKubeconfig(path), (thrown: unknown) => {
      assert.ok(thrown instanceof AppError);
      assert.equal(thrown.code, "KUBE_CONFIG");
      assert.match(thrown.message, message);
      assert.ok(thrown.message.startsWith(directory));
      assert.doesNotMatch(thrown.message, /\n/);
      return true;
    });
  });
}

test("a kubeconfig that cannot be read is refused by its name", async () => {
  await assert.rejects(loadKubeconfig(join(directory, "none")), {
    code: "KUBE_CONFIG",
    message: new RegExp(`^${directory}/none: cannot be read`),
  });
});

test("a pod finds its cluster in its environment and service account", async () => {
  const root = mkdtempSync(join(directory, "pod-"));
  writeFileSync(join(root, "ca.crt"), PEM);
  writeFileSync(join(root, "namespace"), "kube-system\n");
  const env = { KUBERNETES_SERVICE_HOST: "fd00::1", KUBERNETES_SERVICE_PORT: "443" };
  assert.deepEqual(await inClusterConfig(env, root), {
    server: "https://[fd00::1]:443",
    ca: PEM,
    credentials: { type: "tokenFile", path: join(root, "token") },
    namespace: "kube-system",
  });
  await assert.rejects(inClusterConfig({}, root), { code: "KUBE_CONFIG" });
  await assert.rejects(inClusterConfig(env, join(root, "gone")), { code: "KUBE_CONFIG" });
});
