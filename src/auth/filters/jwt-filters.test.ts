import { equal, match, ok } from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { SignJWT, UnsecuredJWT, exportSPKI } from "jose";
import { until } from "../../kernel/testing/until.ts";
import type { StateStore } from "../authority-store.ts";
import { authLimits } from "../settings.ts";
import { AheadClock } from "../testing/ahead-clock.ts";
import { type AuthProxy, startAuthProxy } from "../testing/auth-proxy.ts";
import { type AuthorizationServer, makeKey, startAuthorizationServer } from "../testing/authorization-server.ts";

const PATIENCE_MS = 30_000;

function memoryStore(): StateStore & { readonly texts: Map<string, string> } {
  const texts = new Map<string, string>();
  return {
    texts,
    readState: (name) => texts.get(name),
    async writeState(name, text) {
      texts.set(name, text);
    },
    forgetStates() {},
  };
}

/** An issuer with one key, and a proxy whose time the test moves on. */
async function setUp(t: TestContext, filter = (url: string) => `jwtValidation("${url}")`) {
  const clock = new AheadClock();
  const store = memoryStore();
  const issuer = await startAuthorizationServer(t, { nowMs: () => clock.wallMs() });
  const key = await makeKey("first");
  issuer.keys = [key.jwk];
  const start = (): Promise<AuthProxy> =>
    startAuthProxy(t, `* -> ${filter(issuer.url)} -> setContextRequestHeader("X-User", "auth-user") -> BACKEND`, { clock, store });
  const statusOf = async ({ ask }: AuthProxy, token: string): Promise<number> =>
    (await ask("/", { Authorization: `Bearer ${token}` })).status;
  return { clock, store, issuer, key, start, statusOf };
}

function silence(issuer: AuthorizationServer): void {
  issuer.respond = (_, response) => void response.writeHead(500).end();
}

test("jwtValidation lets tokens pass that the issuer signed, whatever the algorithm", async (t) => {
  const { issuer, start, statusOf } = await setUp(t);
  const keys = await Promise.all(["RS256", "PS512", "ES256", "ES384", "EdDSA"].map((alg) => makeKey(`key of ${alg}`, alg)));
  issuer.keys = keys.map(({ jwk }) => jwk);
  const proxy = await start();
  for (const key of keys) equal(await statusOf(proxy, await issuer.sign(key, { sub: key.alg })), 200, key.alg);
  equal(proxy.backend.seen[0]?.headers["x-user"], "RS256");
  equal(issuer.asked("/keys"), 1);
  // Known to be good: not checked again, and still counted.
  const token = await issuer.sign(keys[0] ?? (await makeKey("none")));
  equal(await statusOf(proxy, token), 200);
  equal(await statusOf(proxy, token), 200);
  equal(proxy.metric("holdfast_auth_decisions_total", "jwtValidation", "allowed"), 7);
});

test("jwtValidation answers 401 to every token that is not the issuer's, not in its time or not for us", async (t) => {
  const { issuer, key, clock, start, statusOf } = await setUp(t, (url) => `jwtValidation("${url}", "shop", "blog")`);
  const proxy = await start();
  const now = Math.floor(clock.wallMs() / 1000);
  const good = { aud: "shop" };
  const stranger = await makeKey("first");
  const payload = { iss: issuer.url, sub: "ann", aud: "shop", exp: now + 3600 };
  const [head = "", , signature = ""] = (await issuer.sign(key, good)).split(".");
  const forged = Buffer.from(JSON.stringify({ ...payload, sub: "root" })).toString("base64url");
  const secretOfPublicKey = new TextEncoder().encode(await exportSPKI(key.publicKey));
  const bad: Readonly<Record<string, string>> = {
    "no audience": await issuer.sign(key),
    "other audience": await issuer.sign(key, { aud: ["bank"] }),
    "other issuer": await issuer.sign(key, { ...good, iss: "https://evil.example" }),
    "no issuer": await issuer.sign(key, { ...good, iss: undefined }),
    expired: await issuer.sign(key, { ...good, exp: now - authLimits.clockSkewMs / 1000 - 1 }),
    "no end": await issuer.sign(key, { ...good, exp: undefined }),
    "not yet": await issuer.sign(key, { ...good, nbf: now + authLimits.clockSkewMs / 1000 + 600 }),
    "no subject": await issuer.sign(key, { ...good, sub: undefined }),
    "subject that is no text": await issuer.sign(key, { ...good, sub: 7 }),
    "other key of that name": await issuer.sign(stranger, good),
    "other name": await issuer.sign(stranger, good, { kid: "second" }),
    "no name, other key": await issuer.sign(stranger, good, { kid: undefined }),
    forged: `${head}.${forged}.${signature}`,
    "no signature": `${head}.${forged}.`,
    unsecured: new UnsecuredJWT({ ...payload }).encode(),
    "public key as secret": await new SignJWT(payload).setProtectedHeader({ alg: "HS256", kid: "first" }).sign(secretOfPublicKey),
    "unknown critical field": await new SignJWT(payload)
      .setProtectedHeader({ alg: "ES256", kid: "first", crit: ["x"], x: true })
      .sign(key.privateKey, { crit: { x: true } }),
    garbage: "abc",
    dots: "..",
  };
  equal(await statusOf(proxy, await issuer.sign(key, good)), 200);
  equal(await statusOf(proxy, await issuer.sign(key, { aud: ["x", "blog"] }, { kid: undefined })), 200);
  equal(await statusOf(proxy, await issuer.sign(key, { ...good, exp: now - 1, nbf: now + 1 })), 200, "clocks differ");
  for (const [what, token] of Object.entries(bad)) {
    const { status, headers } = await proxy.ask("/", { Authorization: `Bearer ${token}` });
    equal(status, 401, what);
    match(headers["www-authenticate"] ?? "", /^Bearer realm="127\.0\.0\.1"/);
  }
  equal((await proxy.ask("/")).status, 401);
  const twice = `Bearer ${await issuer.sign(key, good)}`;
  equal((await proxy.ask("/", { Authorization: [twice, twice] })).status, 401);
  equal((await proxy.ask("/", { Authorization: twice.replace("Bearer", "Basic") })).status, 401);
  equal(proxy.backend.seen.length, 3);
  for (const token of Object.values(bad)) equal(proxy.logged.join("\n").includes(token) && token.length > 9, false);
});

test("a good token is good no longer than it says, although it was checked before", async (t) => {
  const { issuer, key, clock, start, statusOf } = await setUp(t);
  const proxy = await start();
  const token = await issuer.sign(key, { exp: Math.floor(clock.wallMs() / 1000) + 30 });
  equal(await statusOf(proxy, token), 200);
  clock.skip(30_000 + authLimits.clockSkewMs + 1);
  equal(await statusOf(proxy, token), 401);
});

test("nobody passes before the keys are known; then the authority may be down, and the router may start anew", async (t) => {
  const { issuer, key, clock, store, start, statusOf } = await setUp(t);
  silence(issuer);
  const proxy = await start();
  const token = await issuer.sign(key);
  equal(await statusOf(proxy, token), 503);
  equal(proxy.backend.seen.length, 0);
  issuer.respond = undefined;
  // It is asked again by itself.
  await until("the keys are known", async () => (await statusOf(proxy, token)) === 200, PATIENCE_MS);
  await until("they are kept", () => store.texts.size === 1, PATIENCE_MS);
  await issuer.server.stop();
  clock.skip(3_000_000);
  equal(await statusOf(proxy, await issuer.sign(key)), 200);
  const other = await start();
  equal(await statusOf(other, await issuer.sign(key)), 200);
  match([...store.texts.values()].join(), /"keys":\[\{"key":\{"kty":"EC"/);
  equal([...store.texts.values()].join().includes('"d":'), false);
  // Not for ever.
  clock.skip(authLimits.trustedMs);
  equal(await statusOf(await start(), await issuer.sign(key)), 503);
});

test("a key set that is empty, broken or another's changes nothing; a key that is new is found when a token names it", async (t) => {
  const { issuer, key, clock, start, statusOf } = await setUp(t);
  const proxy = await start();
  equal(await statusOf(proxy, await issuer.sign(key)), 200);
  const second = await makeKey("second");
  const lookAgain = async (): Promise<void> => {
    const before = issuer.asked("/.well-known/openid-configuration");
    clock.skip(authLimits.unknownKeyMs);
    // It names a key that is not there, so that the keys are looked at; what comes of it is not the question.
    await statusOf(proxy, await issuer.sign(second, {}, { kid: `look ${before}` }));
    ok(issuer.asked("/.well-known/openid-configuration") > before);
  };
  const faults: readonly (() => void)[] = [
    () => (issuer.keys = []),
    () => (issuer.keys = [{ kty: "oct", k: "AAAA" }]),
    () => (issuer.metadata = { issuer: "https://evil.example" }),
    () => (issuer.metadata = { jwks_uri: undefined }),
    () => (issuer.respond = (_, response) => void response.end("<html>")),
    () => (issuer.respond = (_, response) => void response.writeHead(404).end("{}")),
    () => (issuer.respond = (_, response) => void response.writeHead(302, { location: "http://127.0.0.1:1/" }).end()),
    () => (issuer.respond = (_, response) => void response.destroy()),
  ];
  for (const fault of faults) {
    fault();
    await lookAgain();
    equal(await statusOf(proxy, await issuer.sign(key, { jti: String(fault) })), 200, String(fault));
    [issuer.keys, issuer.metadata, issuer.respond] = [[key.jwk], {}, undefined];
  }
  // After so many failures the breaker may be open: time goes on until it is not.
  issuer.keys = [second.jwk];
  await until(
    "the second key is found",
    async () => {
      clock.skip(authLimits.unknownKeyMs);
      return (await statusOf(proxy, await issuer.sign(second, { jti: String(clock.monoMs()) }))) === 200;
    },
    PATIENCE_MS,
  );
  equal(await statusOf(proxy, await issuer.sign(key, { jti: "still" })), 200, "the first is missing, and believed for a while");
});

test("tokens that name keys nobody has heard of do not make the authority be asked each time", async (t) => {
  const { issuer, key, start, statusOf } = await setUp(t);
  const proxy = await start();
  equal(await statusOf(proxy, await issuer.sign(key)), 200);
  for (let at = 0; at < 20; at++) equal(await statusOf(proxy, await issuer.sign(key, {}, { kid: `made up ${at}` })), 401);
  equal(issuer.asked("/keys"), 1);
});

test("jwtValidationKeys asks for a set of keys, and takes tokens of whoever has one", async (t) => {
  const { issuer, key, start, statusOf } = await setUp(t, (url) => `jwtValidationKeys("${url}/keys")`);
  const proxy = await start();
  equal(await statusOf(proxy, await issuer.sign(key, { iss: "https://anybody.example", sub: undefined })), 200);
  equal(await statusOf(proxy, await issuer.sign(await makeKey("first"))), 401);
  equal(issuer.asked("/.well-known/openid-configuration"), 0);
});

test("jwtMetrics counts what is wrong with tokens, except where it shall not, and lets everything pass", async (t) => {
  const issuer = await startAuthorizationServer(t);
  const key = await makeKey("first");
  const wanted = `jwtMetrics("{issuers: ['${issuer.url}'], claims: [{realm: a}, {realm: b, level: 2}], optOutAnnotations: [public], optOutHosts: ['^other[.]']}")`;
  const proxy = await startAuthProxy(
    t,
    `all: * -> ${wanted} -> BACKEND;
     open: Path("/open") -> annotate("public", "yes") -> ${wanted} -> BACKEND;
     missing: Path("/missing") -> ${wanted} -> <shunt>`,
  );
  const count = (problem: string, route = "all"): number => proxy.metric("holdfast_filter_jwt_problems_total", route, problem);
  const send = async (path: string, headers: Readonly<Record<string, string>> = {}): Promise<void> => void (await proxy.ask(path, headers));
  await send("/");
  await send("/open");
  await send("/missing");
  equal(count("missing-token"), 1);
  equal(count("missing-token", "open") + count("missing-token", "missing"), 0);
  for (const [authorization, problem] of [
    ["Basic YTpi", "invalid-token-type"],
    ["Bearer abc", "invalid-token"],
    [`Bearer ${await issuer.sign(key, { iss: undefined })}`, "missing-issuer"],
    [`Bearer ${await issuer.sign(key, { iss: "x" })}`, "invalid-issuer"],
    [`Bearer ${await issuer.sign(key, { realm: "b", level: "2" })}`, "invalid-claims"],
  ] as const) {
    await send("/", { Authorization: authorization });
    equal(count(problem), 1, problem);
  }
  await send("/", { Authorization: `Bearer ${await issuer.sign(key, { realm: "b", level: 2 })}` });
  equal(count("invalid-claims"), 1);
  equal(proxy.backend.seen.length, 8);
});
