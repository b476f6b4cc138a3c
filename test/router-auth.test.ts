import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { createServer } from "node:http";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { makeKey, startAuthorizationServer } from "../src/auth/testing/authorization-server.ts";
import { until } from "../src/kernel/testing/until.ts";
import { holdfast, listen, startRouter, testFolder } from "./router-kit.ts";

test("a router asks for passwords and webhooks, as its command line says", async (t) => {
  const directory = await testFolder(t);
  // `openssl passwd -apr1 secret`
  await writeFile(join(directory, "htpasswd"), "ann:$apr1$abcdefgh$h9FWgUz3n9YxylKLlR5SQ/\n");
  const slow = await listen(
    t,
    createServer((incoming, response) => (incoming.url === "/slow" ? undefined : response.end())),
  );
  await writeFile(
    join(directory, "routes.eskip"),
    `basic: Path("/basic") -> basicAuth("${join(directory, "htpasswd")}") -> setRequestHeader("Authorization", "Basic aGlkZGVu") -> inlineContent("in") -> <shunt>;
     quick: Path("/quick") -> webhook("http://127.0.0.1:${slow}/quick") -> inlineContent("in") -> <shunt>;
     slow: Path("/slow") -> webhook("http://127.0.0.1:${slow}/slow") -> inlineContent("in") -> <shunt>;`,
  );
  const router = await startRouter(t, ["--routes", join(directory, "routes.eskip"), "--workers", "1", "--webhook-timeout", "3"]);
  const get = async (path: string, password = ""): Promise<number> => {
    const authorization = `Basic ${Buffer.from(`ann:${password}`).toString("base64")}`;
    const response = await fetch(`http://127.0.0.1:${router.port}${path}`, { headers: { authorization, connection: "close" } });
    await response.text();
    return response.status;
  };
  // A worker whose routes are in a file has no table at first.
  await until("the right password is let in", async () => (await get("/basic", "secret")) === 200, 30_000);
  assert.equal(await get("/basic", "wrong"), 401);
  assert.equal(await get("/quick"), 200);
  assert.equal(await get("/slow"), 401);
  const { body } = await router.admin("/metrics");
  assert.match(body, /holdfast_auth_decisions_total\{filter="basicAuth",outcome="allowed"\} 1\n/);
  assert.equal(body.includes("secret"), false);
  for (const format of ["", "?format=json"]) {
    const { body: routes } = await router.admin(`/routes${format}`);
    assert.match(routes, /"Authorization",\s*"\*\*\*"/);
    assert.equal(routes.includes("aGlkZGVu"), false);
  }
});

test("workers that start while the issuer of tokens is down know its keys from the snapshot folder", async (t) => {
  const directory = await testFolder(t);
  const issuer = await startAuthorizationServer(t);
  const key = await makeKey("first");
  issuer.keys = [key.jwk];
  const routes = join(directory, "routes.eskip");
  await writeFile(routes, `* -> jwtValidation("${issuer.url}") -> inlineContent("in") -> <shunt>;`);
  const router = await startRouter(t, ["--routes", routes, "--workers", "1", "--snapshot", join(directory, "snapshot")]);
  const token = await issuer.sign(key);
  const get = async (bearer: string): Promise<number> => {
    const headers = { authorization: `Bearer ${bearer}`, connection: "close" };
    return (await fetch(`http://127.0.0.1:${router.port}/`, { headers })).status;
  };
  await until("the token is let in", async () => (await get(token)) === 200, 30_000);
  await until(
    "the keys are kept",
    () => readdirSync(join(directory, "snapshot")).some((name) => name.startsWith("state-authority-")),
    30_000,
  );
  await issuer.server.stop();
  const [worker] = (await router.status()).workers;
  process.kill(worker?.pid ?? 0, "SIGKILL");
  await until(
    "another worker serves",
    async () => {
      const [now] = (await router.status()).workers;
      return now?.state === "ready" && now.pid !== worker?.pid;
    },
    30_000,
  );
  assert.equal(await get(await issuer.sign(key, { jti: "new" })), 200);
  assert.equal(await get(await issuer.sign(await makeKey("first"))), 401);
});

test("a route that sends browsers to log in needs the keys of cookies on the command line", async (t) => {
  const directory = await testFolder(t);
  const issuer = await startAuthorizationServer(t);
  const routes = join(directory, "routes.eskip");
  const secret = "the secret of the client";
  await writeFile(
    routes,
    `* -> oauthOidcAllClaims("${issuer.url}", "shop", "${secret}", "http://127.0.0.1/callback", "email", "email") -> <shunt>;`,
  );
  const refused = holdfast(t, ["router", "--routes", routes, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"]);
  assert.equal(await refused.ended, 2);
  assert.match(refused.stderr(), /--oidc-secrets-file FILE/);
  const keys = join(directory, "keys");
  await writeFile(keys, "a passphrase that is long\n");
  const router = await startRouter(t, ["--routes", routes, "--workers", "1", "--oidc-secrets-file", keys]);
  const get = (): Promise<Response> => fetch(`http://127.0.0.1:${router.port}/`, { redirect: "manual", headers: { connection: "close" } });
  const sent = await until(
    "the browser is sent to log in",
    async () => {
      const response = await get();
      return response.status === 302 && response;
    },
    30_000,
  );
  // The provider has no keys that could be read: to send a browser there it need not.
  assert.equal(new URL(sent.headers.get("location") ?? "").origin, issuer.url);
  const { body } = await router.admin("/routes");
  assert.equal(body.includes(secret), false);
  assert.equal((refused.stderr() + router.stderr()).includes(secret), false);
});

test("a router with the grant flow has a route for callbacks by itself, and says what it lacks", async (t) => {
  const directory = await testFolder(t);
  const issuer = await startAuthorizationServer(t);
  const routes = join(directory, "routes.eskip");
  await writeFile(routes, `shop: Path("/") -> oauthGrant() -> inlineContent("in") -> <shunt>;`);
  const common = ["--routes", routes, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"];
  for (const [flags, lacking] of [
    [[], /--enable-oauth2-grant-flow/],
    [["--enable-oauth2-grant-flow", "--oauth2-tokeninfo-url", issuer.url], /needs --oauth2-auth-url URL/],
  ] as const) {
    const refused = holdfast(t, ["router", ...common, ...flags]);
    assert.equal(await refused.ended, 2);
    assert.match(refused.stderr(), lacking);
  }
  const [keys, secret] = [join(directory, "keys"), join(directory, "client-secret")];
  await writeFile(keys, "a passphrase that is long\n");
  await writeFile(secret, "the secret of the client\n");
  const urls = ["auth", "token", "tokeninfo"].flatMap((name) => [`--oauth2-${name}-url`, `${issuer.url}/${name}`]);
  const client = ["--oauth2-client-id", "shop", "--oauth2-client-secret-file", secret, "--oauth2-secret-file", keys];
  const flags = ["--enable-oauth2-grant-flow", "--oauth2-grant-insecure", ...urls, ...client];
  const router = await startRouter(t, ["--routes", routes, "--workers", "1", ...flags]);
  const get = (path: string, cookie = ""): Promise<Response> =>
    fetch(`http://127.0.0.1:${router.port}${path}`, { redirect: "manual", headers: { connection: "close", cookie } });
  const sent = await until(
    "the browser is sent to log in",
    async () => {
      const response = await get("/");
      return response.status === 307 && response;
    },
    30_000,
  );
  const { searchParams } = new URL(sent.headers.get("location") ?? "");
  const callback = new URL(searchParams.get("redirect_uri") ?? "");
  assert.equal(callback.origin, `http://127.0.0.1:${router.port}`);
  issuer.codes.set("code", () => ({ access_token: "a-token-of-ann", token_type: "Bearer", expires_in: 600 }));
  issuer.tokens.set("a-token-of-ann", { uid: "ann" });
  callback.search = new URLSearchParams({ code: "code", state: searchParams.get("state") ?? "" }).toString();
  const cookies = (response: Response): string =>
    response.headers
      .getSetCookie()
      .filter((line) => !line.includes("Max-Age=0"))
      .map((line) => line.slice(0, line.indexOf(";")))
      .join("; ");
  const back = await get(callback.pathname + callback.search, cookies(sent));
  assert.equal(back.status, 307);
  assert.equal(back.headers.get("location"), `http://127.0.0.1:${router.port}/`);
  const end = await get("/", cookies(back));
  assert.equal(await end.text(), "in");
  const { body } = await router.admin("/routes");
  assert.match(body, /__oauth2_grant_callback: Path\("\/\.well-known\/oauth2-callback"\)\s*-> grantCallback\(\)\s*-> <shunt>/);
  for (const text of ["the secret of the client", "a-token-of-ann", "a passphrase"]) assert.equal(router.stderr().includes(text), false);
});
