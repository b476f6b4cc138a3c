import { equal, match, notEqual, ok } from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { AheadClock } from "../testing/ahead-clock.ts";
import { type AuthProxy, startAuthProxy } from "../testing/auth-proxy.ts";
import { type AuthorizationServer, type SigningKey, makeKey, startAuthorizationServer } from "../testing/authorization-server.ts";
import { Browser } from "../testing/browser.ts";

interface SetUp {
  readonly issuer: AuthorizationServer;
  readonly key: SigningKey;
  readonly proxy: AuthProxy;
  readonly clock: AheadClock;
  readonly secrets: string;
  /** Logs in at the provider: the path that the browser is sent back to. */
  logIn(location: string, claims?: object, tamper?: (answer: Record<string, unknown>) => object | undefined): Promise<string>;
}

async function setUp(t: TestContext, kind: string, rest = '"https://shop.example.org/callback", "email", "email"'): Promise<SetUp> {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-auth-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const secrets = join(folder, "secrets");
  writeFileSync(secrets, "a passphrase that is long\n");
  const clock = new AheadClock();
  const issuer = await startAuthorizationServer(t, { nowMs: () => clock.wallMs() });
  const key = await makeKey("first", "RS256");
  issuer.keys = [key.jwk];
  const proxy = await startAuthProxy(
    t,
    `* -> oauthOidc${kind}("${issuer.url}", "shop", "s3cret", ${rest}) -> setContextRequestHeader("X-User", "auth-user") -> BACKEND`,
    { settings: { oidc: { secretsFile: secrets, client: { id: "", secret: "" }, sessionMs: 3_600_000 } }, clock },
  );
  let codes = 0;
  const logIn: SetUp["logIn"] = async (location, claims = {}, tamper = (answer) => answer) => {
    const { searchParams } = new URL(location);
    equal(searchParams.get("code_challenge_method"), "S256");
    const code = `code-${codes++}`;
    const token = await issuer.sign(key, { aud: "shop", nonce: searchParams.get("nonce"), email: "ann@example.org", ...claims });
    issuer.tokens.set(`access-${code}`, { sub: "ann", email: "ann@example.org", name: "Ann" });
    issuer.codes.set(code, (form) => {
      const challenge = createHash("sha256")
        .update(form.get("code_verifier") ?? "")
        .digest("base64url");
      if (challenge !== searchParams.get("code_challenge") || form.get("redirect_uri") !== "https://shop.example.org/callback")
        return undefined;
      return tamper({ access_token: `access-${code}`, token_type: "Bearer", id_token: token, expires_in: 600 });
    });
    return `/callback?${new URLSearchParams({ code, state: searchParams.get("state") ?? "" }).toString()}`;
  };
  return { issuer, key, proxy, clock, secrets, logIn };
}

test("a browser is sent to log in, comes back to where it was, and is known from then on, as long as the ID token says", async (t) => {
  const { issuer, proxy, clock, logIn } = await setUp(
    t,
    "AnyClaims",
    '"https://shop.example.org/callback", "email profile", "phone email", "prompt=login hint=skipper-request-query locale=skipper-request-query", "X-Email:claims.email X-Token:oauth2token.access_token", "0"',
  );
  const browser = new Browser(proxy);
  const first = await browser.get("/basket?item=1&hint=a%26b");
  equal(first.status, 302);
  const url = new URL(first.headers.location ?? "");
  equal(url.origin + url.pathname, `${issuer.url}/authorize`);
  const { scope, client_id: id, redirect_uri: back, prompt, response_type: type, hint, locale } = Object.fromEntries(url.searchParams);
  equal(
    [scope, id, back, prompt, type, hint, locale].join(" | "),
    "openid email profile | shop | https://shop.example.org/callback | login | code | a&b | ",
  );
  match(
    first.headers["set-cookie"]?.[0] ?? "",
    /^__Host-holdfast-oidc-[0-9a-f]{8}-login=[\w-]+; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Lax; Secure$/,
  );
  const end = await browser.get(await logIn(url.href));
  equal(end.status, 302);
  equal(end.headers.location, "https://shop.example.org/basket?item=1&hint=a%26b");
  const asked = issuer.server.seen.find(({ path }) => path === "/token");
  equal(asked?.headers.authorization, `Basic ${Buffer.from("shop:s3cret").toString("base64")}`);
  equal(proxy.backend.seen.length, 0);
  browser.cookies.set("theirs", "kept");
  equal((await browser.get("/basket?item=1")).status, 200);
  const seen = proxy.backend.seen[0]?.headers ?? {};
  equal(seen["x-email"], "ann@example.org");
  equal(seen["x-token"], "access-code-0");
  equal(seen["x-user"], "ann");
  equal(seen.cookie, "theirs=kept", "the back end does not get the session");
  clock.skip(3_601_000);
  equal((await browser.get("/")).status, 302);
  equal(proxy.logged.join("\n").includes("s3cret"), false);
});

test("claims decide: any of them, all of them, or those of the user info", async (t) => {
  for (const [kind, wanted, claims, status] of [
    ["AnyClaims", "email phone", {}, 200],
    ["AnyClaims", "phone", {}, 401],
    ["AllClaims", "email sub", {}, 200],
    ["AllClaims", "email phone", {}, 401],
    ["UserInfo", "name email", { email: undefined }, 200],
    ["UserInfo", "name phone", { phone: 1 }, 401],
  ] as const) {
    const { proxy, logIn } = await setUp(t, kind, `"https://shop.example.org/callback", "email", "${wanted}"`);
    const browser = new Browser(proxy);
    const back = await logIn((await browser.get("/")).headers.location ?? "", { ...claims });
    equal((await browser.get(back)).status, 302);
    equal((await browser.get("/")).status, status, `${kind} ${wanted}`);
  }
});

test("several windows log in at once", async (t) => {
  const { proxy, logIn } = await setUp(t, "AllClaims");
  const browser = new Browser(proxy);
  const [one, other] = [await browser.get("/one"), await browser.get("/other")];
  equal((await browser.get(await logIn(one.headers.location ?? ""))).headers.location, "https://shop.example.org/one");
  equal((await browser.get(await logIn(other.headers.location ?? ""))).headers.location, "https://shop.example.org/other");
});

test("nobody is logged in by somebody else's link, code, token or cookie", async (t) => {
  const { issuer, proxy, logIn, clock, key } = await setUp(t, "AllClaims");
  const victim = new Browser(proxy);
  const attacker = new Browser(proxy);
  const location = (await attacker.get("/")).headers.location ?? "";
  // A link with the attacker's code, to a browser without a login, and to one with a login of its own.
  equal((await victim.get(await logIn(location))).status, 401);
  await victim.get("/");
  equal((await victim.get(await logIn(location))).status, 401);
  equal((await attacker.get((await logIn(location)).replace(/state=[^&]*/, "state=abc"))).status, 401);
  const stranger = await makeKey("first", "RS256");
  const nonce = new URL(location).searchParams.get("nonce");
  const bad: readonly ((answer: Record<string, unknown>) => Promise<object | undefined> | object | undefined)[] = [
    () => undefined,
    (answer) => ({ ...answer, id_token: undefined }),
  ];
  for (const tamper of bad) equal((await attacker.get(await logIn(location, {}, (answer) => tamper(answer) as object))).status, 401);
  for (const claims of [
    { nonce: "other" },
    { nonce: undefined },
    { aud: "bank" },
    { iss: "https://evil.example" },
    { exp: 1 },
    { sub: undefined },
  ])
    equal((await attacker.get(await logIn(location, claims))).status, 401, JSON.stringify(claims));
  const forged = await issuer.sign(stranger, { aud: "shop", nonce, email: "root@example.org" });
  equal((await attacker.get(await logIn(location, {}, (answer) => ({ ...answer, id_token: forged })))).status, 401, "another's key");
  equal((await attacker.get(`/callback?error=access_denied&state=${new URL(location).searchParams.get("state")}`)).status, 401);
  // A code is good once, a login for ten minutes.
  const back = await logIn(location);
  equal((await attacker.get(back)).status, 302);
  equal((await attacker.get(back)).status, 401);
  const late = await logIn((await victim.get("/")).headers.location ?? "");
  clock.skip(601_000);
  equal((await victim.get(late)).status, 401);
  // Cookies that were changed, and one taken for another.
  const [name = "", value = ""] = [...attacker.cookies].find(([one]) => !one.endsWith("-login")) ?? [];
  notEqual(value, "");
  for (const text of [`${value.slice(0, -2)}AA`, "abc", "", [...attacker.cookies].find(([one]) => one.endsWith("-login"))?.[1] ?? ""]) {
    attacker.cookies.set(name, text);
    equal((await attacker.get("/")).status, 302);
  }
  attacker.cookies.set(name, value);
  equal((await attacker.get("/")).status, 200);
  equal(key.kid, "first");
});

test("nothing leads elsewhere, and what cannot be repeated is not sent to log in", async (t) => {
  const { proxy, logIn } = await setUp(t, "AllClaims");
  const browser = new Browser(proxy);
  equal((await browser.get("/", "evil.example")).status, 401);
  const odd = await browser.get("//evil.example/%2F?x=https://evil.example");
  const back = await browser.get(await logIn(odd.headers.location ?? ""));
  match(back.headers.location ?? "", /^https:\/\/shop\.example\.org\//);
  const other = new Browser(proxy);
  const long = await other.get(`/${"x".repeat(3_000)}`);
  equal((await other.get(await logIn(long.headers.location ?? ""))).headers.location, "https://shop.example.org/");
});

test("keys of cookies are changed without logging anybody out; without any, and without a provider, nobody passes", async (t) => {
  const { issuer, proxy, logIn, clock, secrets } = await setUp(t, "AllClaims");
  const browser = new Browser(proxy);
  issuer.respond = (_, response) => void response.writeHead(500).end();
  equal((await browser.get("/")).status, 503);
  issuer.respond = undefined;
  clock.skip(60_000);
  await proxy.runtime.authority({ kind: "issuer", url: issuer.url }).lookForKey();
  equal((await browser.get(await logIn((await browser.get("/")).headers.location ?? ""))).status, 302);
  const change = (text: string): void => {
    writeFileSync(secrets, text);
    clock.skip(5_000);
  };
  equal((await browser.get("/")).status, 200);
  change("another passphrase of now\na passphrase that is long\n");
  equal((await browser.get("/")).status, 200);
  change("short");
  equal((await browser.get("/")).status, 200, "a bad file leaves what was there");
  change("another passphrase of now\n");
  equal((await browser.get("/")).status, 302);
  ok(!proxy.logged.join("\n").includes("passphrase of now"));
});

test("a session that is long is split into several cookies", async (t) => {
  const { proxy, logIn } = await setUp(t, "AllClaims");
  const browser = new Browser(proxy);
  const groups = Array.from({ length: 80 }, (_, at) => createHash("sha256").update(String(at)).digest("base64"));
  const end = await browser.get(await logIn((await browser.get("/")).headers.location ?? "", { groups }));
  equal(end.status, 302);
  const lines = (end.headers["set-cookie"] ?? []).filter((line) => !line.includes("Max-Age=0"));
  ok(lines.length > 1, String(lines.length));
  ok(lines.every((line) => line.length < 4_096));
  equal((await browser.get("/")).status, 200);
  equal(proxy.backend.seen[0]?.headers.cookie?.includes("holdfast-oidc"), undefined);
  // What is too long for all of them is told, and lets nobody pass.
  const other = new Browser(proxy);
  const more = Array.from({ length: 200 }, (_, at) => createHash("sha512").update(String(at)).digest("base64"));
  equal((await other.get(await logIn((await other.get("/")).headers.location ?? "", { groups: more }))).status, 503);
  match(proxy.logged.join(), /too long for cookies/);
});
