import { deepEqual, equal, match, ok } from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { compileTable, parseEskip } from "../../route/index.ts";
import { routeRegistry } from "../index.ts";
import type { AuthSettings } from "../settings.ts";
import { AheadClock } from "../testing/ahead-clock.ts";
import { type AuthProxy, startAuthProxy } from "../testing/auth-proxy.ts";
import { type AuthorizationServer, startAuthorizationServer } from "../testing/authorization-server.ts";
import { SETTINGS } from "../testing/settings.ts";

const statusOf = async ({ ask }: AuthProxy, path: string, token = "good"): Promise<number> =>
  (await ask(path, { Authorization: `Bearer ${token}` })).status;

async function startTokeninfo(
  t: TestContext,
  filters: Readonly<Record<string, string>>,
  more: Partial<AuthSettings> = {},
): Promise<{ readonly authority: AuthorizationServer; readonly proxy: AuthProxy; readonly clock: AheadClock }> {
  const authority = await startAuthorizationServer(t);
  authority.tokens.set("good", { uid: "ann", scope: ["read", "write"], realm: "shop", expires_in: 600, level: 3 });
  const routes = Object.entries(filters).map(([path, chain]) => `${path}: Path("/${path}") -> ${chain} -> BACKEND;`);
  const settings = { tokeninfo: { url: `${authority.url}/tokeninfo`, timeoutMs: 20_000 }, ...more };
  const clock = new AheadClock();
  return { authority, clock, proxy: await startAuthProxy(t, routes.join("\n"), { settings, clock }) };
}

test("oauthTokeninfo filters let pass who has the scopes or pairs, answer 403 to others and 401 to bad tokens", async (t) => {
  const { authority, proxy } = await startTokeninfo(t, {
    any: 'oauthTokeninfoAnyScope("read", "admin") -> setContextRequestHeader("X-User", "auth-user")',
    noneOf: 'oauthTokeninfoAnyScope("admin", "root")',
    all: 'oauthTokeninfoAllScope("read", "write")',
    notAll: 'oauthTokeninfoAllScope("read", "admin")',
    anyPair: 'oauthTokeninfoAnyKV("realm", "bank", "realm", "shop")',
    allPairs: 'oauthTokeninfoAllKV("realm", "shop", "uid", "ann")',
    notAllPairs: 'oauthTokeninfoAllKV("realm", "shop", "uid", "bob")',
    odd: 'oauthTokeninfoAnyKV("__proto__", "x", "level", "3", "constructor", "y")',
    two: 'oauthTokeninfoAnyScope("read") -> oauthTokeninfoAllKV("realm", "shop")',
  });
  authority.tokens.set("text", { scope: "read other" });
  authority.tokens.set("failed", { error: "invalid_request" });
  const expected = { any: 200, noneOf: 403, all: 200, notAll: 403, anyPair: 200, allPairs: 200, notAllPairs: 403, odd: 403, two: 200 };
  for (const [path, status] of Object.entries(expected)) equal(await statusOf(proxy, `/${path}`), status, path);
  equal(proxy.backend.seen[0]?.headers["x-user"], "ann");
  equal(authority.asked("/tokeninfo"), 9, "asked once for each request, also of two filters");
  equal(await statusOf(proxy, "/any", "text"), 200);
  for (const token of ["bad", "failed", "two words"]) equal(await statusOf(proxy, "/any", token), 401, token);
  const { status, headers } = await proxy.ask("/any");
  deepEqual([status, headers["www-authenticate"]], [401, 'Bearer realm="127.0.0.1"']);
});

test("nobody passes while the authority of tokeninfo is down, slow or talks nonsense", async (t) => {
  const { authority, proxy, clock } = await startTokeninfo(t, { any: 'oauthTokeninfoAnyScope("read")' });
  for (const respond of [
    (_: unknown, response: { writeHead(status: number): { end(): unknown } }) => response.writeHead(500).end(),
    (_: unknown, response: { end(body: string): unknown }) => response.end("<html>"),
    (_: unknown, response: { end(body: string): unknown }) => response.end("[]"),
    (_: unknown, response: { end(body: string): unknown }) => response.end(`{"scope":["read"],"pad":"${"x".repeat(70_000)}"}`),
    (_: unknown, response: { destroy(): unknown }) => response.destroy(),
  ] as const) {
    authority.respond = (seen, response) => void respond(seen, response);
    // The breaker has forgotten the one before.
    clock.skip(60_000);
    equal(await statusOf(proxy, "/any"), 401);
  }
  equal(proxy.backend.seen.length, 0);
  match(proxy.logged.join("\n"), /AUTH_FAILING[^]*AUTH_MALFORMED/);
  equal(proxy.logged.join("\n").includes("good"), false, "no token in the log");
  authority.respond = undefined;
  clock.skip(60_000);
  equal(await statusOf(proxy, "/any"), 200);
});

test("answers about tokens are kept no longer than told and than the token lives; those who ask at once ask for one", async (t) => {
  const filters = { any: 'oauthTokeninfoAnyScope("read")' };
  const { authority, proxy, clock } = await startTokeninfo(t, filters, { tokenCache: { size: 10, ttlMs: 60_000 } });
  const many = await Promise.all(Array.from({ length: 20 }, () => statusOf(proxy, "/any")));
  deepEqual(new Set(many), new Set([200]));
  equal(authority.asked("/tokeninfo"), 1);
  clock.skip(61_000);
  equal(await statusOf(proxy, "/any"), 200);
  equal(authority.asked("/tokeninfo"), 2);
  authority.tokens.set("short", { scope: ["read"], expires_in: 5 });
  equal(await statusOf(proxy, "/any", "short"), 200);
  authority.tokens.delete("short");
  equal(await statusOf(proxy, "/any", "short"), 200);
  clock.skip(5_000);
  equal(await statusOf(proxy, "/any", "short"), 401);
  // What was not good is asked again.
  authority.tokens.set("late", { scope: ["read"] });
  equal(await statusOf(proxy, "/any", "late"), 200);
});

test("oauthTokeninfoValidate asks unless it was done, or is not wanted, and says what it was told to", async (t) => {
  const validate =
    "oauthTokeninfoValidate(\"{optOutAnnotations: [public], optOutHosts: ['^open[.]'], unauthorizedResponse: 'see /login'}\")";
  const { authority, proxy } = await startTokeninfo(t, {
    plain: validate,
    twice: `oauthTokeninfoAnyScope("read") -> ${validate}`,
    open: `annotate("public", "yes") -> ${validate}`,
  });
  equal(await statusOf(proxy, "/plain"), 200);
  equal(await statusOf(proxy, "/twice"), 200);
  equal(authority.asked("/tokeninfo"), 2);
  equal((await proxy.ask("/open")).status, 200);
  const { status, body, headers } = await proxy.ask("/plain");
  deepEqual([status, body, headers["www-authenticate"]], [401, "see /login", 'Bearer realm="127.0.0.1"']);
});

test("a route with oauthTokeninfo is refused where the router does not know whom to ask", () => {
  const parsed = parseEskip('* -> oauthTokeninfoAnyScope("a") -> <shunt>', "test");
  match(compileTable(parsed, routeRegistry(SETTINGS)).problems[0]?.message ?? "", /--oauth2-tokeninfo-url/);
  deepEqual(compileTable(parsed, routeRegistry()).problems, []);
});

test("introspection lets active tokens pass that say what they must, asking as the client it was told", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-auth-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, "secret"), "s e:cret\n");
  const issuer = await startAuthorizationServer(t);
  const about = (more: object): object => ({ active: true, sub: "ann", email: "a@b", realm: "shop", ...more });
  const tokens: Readonly<Record<string, object>> = {
    good: about({ exp: Math.floor(Date.now() / 1000) + 600 }),
    inactive: about({ active: false }),
    truthy: about({ active: "true" }),
    over: about({ exp: 1 }),
    nobody: about({ sub: undefined }),
    nested: about({ email: undefined, claims: { email: "x" } }),
  };
  for (const [token, info] of Object.entries(tokens)) issuer.tokens.set(token, { ...info });
  const { url } = issuer;
  const proxy = await startAuthProxy(
    t,
    `any: Path("/any") -> oauthTokenintrospectionAnyClaims("${url}", "email", "phone") -> BACKEND;
     all: Path("/all") -> oauthTokenintrospectionAllClaims("${url}", "email", "phone") -> BACKEND;
     anyPair: Path("/anyPair") -> oauthTokenintrospectionAnyKV("${url}", "realm", "x", "realm", "shop") -> BACKEND;
     allPairs: Path("/allPairs") -> oauthTokenintrospectionAllKV("${url}", "realm", "shop", "sub", "bob") -> BACKEND;
     own: Path("/own") -> secureOauthTokenintrospectionAnyClaims("${url}", "id", "secretRef:${folder}/secret", "email") -> BACKEND;
     usual: Path("/usual") -> secureOauthTokenintrospectionAllKV("${url}", "", "", "sub", "ann") -> BACKEND;
     elsewhere: Path("/elsewhere") -> secureOauthTokenintrospectionAllKV("${url}", "id", "secretRef:/etc/hostname", "sub", "ann") -> BACKEND;`,
    { settings: { introspectionClient: { id: "env-id", secret: "env-secret" }, credentialsPaths: [folder] } },
  );
  for (const [path, status] of Object.entries({ any: 200, all: 401, anyPair: 200, allPairs: 401, own: 200, usual: 200, elsewhere: 401 }))
    equal(await statusOf(proxy, `/${path}`), status, path);
  const asked = issuer.server.seen.filter(({ path }) => path === "/introspect").map(({ headers }) => headers.authorization);
  const basic = (text: string): string => `Basic ${Buffer.from(text).toString("base64")}`;
  deepEqual(asked, [undefined, undefined, undefined, undefined, basic("id:s+e%3Acret"), basic("env-id:env-secret")]);
  for (const token of ["inactive", "truthy", "over", "nobody", "unknown"]) equal(await statusOf(proxy, "/any", token), 401, token);
  equal(await statusOf(proxy, "/any", "nested"), 200);
  match(proxy.logged.join("\n"), /is in none of --credentials-paths/);
  ok(!proxy.logged.join("\n").includes("cret\n"));
});

test("nobody passes while an issuer does not answer about tokens; its metadata is used while only that is known", async (t) => {
  const issuer = await startAuthorizationServer(t);
  issuer.tokens.set("good", { active: true, sub: "ann", email: "a@b" });
  const proxy = await startAuthProxy(t, `any: Path("/any") -> oauthTokenintrospectionAnyClaims("${issuer.url}", "email") -> BACKEND`);
  issuer.respond = (_, response) => void response.writeHead(403).end();
  equal(await statusOf(proxy, "/any"), 401);
  await issuer.server.stop();
  equal(await statusOf(proxy, "/any"), 401);
  equal(proxy.backend.seen.length, 0);
  // What it says of itself names no endpoint.
  const silent = await startAuthorizationServer(t);
  silent.metadata = { introspection_endpoint: undefined, jwks_uri: undefined };
  const other = await startAuthProxy(t, `any: Path("/any") -> oauthTokenintrospectionAnyClaims("${silent.url}", "email") -> BACKEND`);
  equal(await statusOf(other, "/any"), 401);
  match(other.logged.join("\n"), /names no introspection_endpoint/);
});
