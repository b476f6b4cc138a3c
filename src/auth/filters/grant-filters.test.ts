import { deepEqual, equal, match, notEqual, ok } from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { AuthSettings } from "../index.ts";
import { AheadClock } from "../testing/ahead-clock.ts";
import { type AuthProxy, startAuthProxy } from "../testing/auth-proxy.ts";
import { type AuthorizationServer, startAuthorizationServer } from "../testing/authorization-server.ts";
import { Browser } from "../testing/browser.ts";
import { grantCallbackRoutes } from "../grant-callback-route.ts";

const CALLBACK = "/.well-known/oauth2-callback";

interface SetUp {
  readonly issuer: AuthorizationServer;
  readonly proxy: AuthProxy;
  readonly clock: AheadClock;
  readonly secrets: string;
  /** Logs in at the server as `user`: the path that the browser is sent back to. */
  logIn(location: string | undefined, user?: string): string;
  /** Forms that the server's `/token` got. */
  forms(): readonly URLSearchParams[];
}

const ROUTES = `
  logout: Path("/logout") -> grantLogout() -> inlineContent("out") -> <shunt>;
  callback: Path("${CALLBACK}") -> grantCallback() -> <shunt>;
  admin: PathSubtree("/admin") -> oauthGrant() -> grantClaimsQuery("/admin:@_:realm==\\"admins\\"") -> BACKEND;
  page: Path("/page") -> annotate("oauthGrant.loginRedirectStub", "to '{authCodeURL}'") -> oauthGrant() -> BACKEND;
  all: * -> oauthGrant() -> setContextRequestHeader("X-User", "auth-user") -> forwardToken("X-Info") -> BACKEND`;

async function setUp(t: TestContext, more: Partial<NonNullable<AuthSettings["grant"]>> = {}): Promise<SetUp> {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-auth-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const secrets = join(folder, "secrets");
  writeFileSync(secrets, "a passphrase that is long\n");
  const secret = join(folder, "client-secret");
  writeFileSync(secret, "s3cret\n");
  const clock = new AheadClock();
  const issuer = await startAuthorizationServer(t, { nowMs: () => clock.wallMs() });
  const tokeninfo = { url: `${issuer.url}/tokeninfo`, timeoutMs: 20_000 };
  const grant: NonNullable<AuthSettings["grant"]> = {
    authorizationUrl: `${issuer.url}/authorize?realm=shop`,
    tokenUrl: `${issuer.url}/token`,
    revocationUrl: `${issuer.url}/revoke`,
    tokeninfo,
    client: { id: { text: "shop" }, secret: { file: secret } },
    secretsFile: secrets,
    callbackPath: CALLBACK,
    callbackUrl: undefined,
    parameters: { scope: "uid email" },
    accessTokenField: "Authorization",
    tokeninfoKeys: [],
    subjectKey: "uid",
    cookie: "oauth2-grant",
    removedSubdomains: 1,
    isInsecure: false,
    ...more,
  };
  const proxy = await startAuthProxy(t, ROUTES, { settings: { tokeninfo, grant }, clock });
  let count = 0;
  const give = (user: string, check: (form: URLSearchParams) => boolean, key: string): void => {
    const token = `access-${user}-${count}`;
    const refresh = `refresh-${user}-${count++}`;
    issuer.tokens.set(token, { uid: user, realm: user === "root" ? "admins" : "shop", secretly: 1 });
    issuer.codes.set(key, (form) => {
      if (!check(form)) return undefined;
      give(user, () => true, refresh);
      return { access_token: token, token_type: "bearer", refresh_token: refresh, expires_in: 3600 };
    });
  };
  return {
    issuer,
    proxy,
    clock,
    secrets,
    logIn(location, user = "ann") {
      const { searchParams } = new URL(location ?? "");
      const code = `code-${count}`;
      const isRight = (form: URLSearchParams): boolean =>
        createHash("sha256")
          .update(form.get("code_verifier") ?? "")
          .digest("base64url") === searchParams.get("code_challenge") && form.get("redirect_uri") === searchParams.get("redirect_uri");
      give(user, isRight, code);
      return `${CALLBACK}?${new URLSearchParams({ code, state: searchParams.get("state") ?? "" }).toString()}`;
    },
    forms: () => issuer.server.seen.filter(({ path }) => path === "/token").map(({ body }) => new URLSearchParams(body)),
  };
}

async function loggedIn(kit: SetUp, user?: string, host?: string): Promise<Browser> {
  const browser = new Browser(kit.proxy);
  equal((await browser.get(kit.logIn((await browser.get("/", host)).headers.location, user), host)).status, 307);
  return browser;
}

/** The session a browser holds. */
function session(browser: Browser): string {
  return browser.cookies.get("__Secure-oauth2-grant") ?? "";
}

test("a browser is sent to log in, comes back to where it was, and its token goes to the back end, which does not get the cookie", async (t) => {
  const kit = await setUp(t);
  const { issuer, proxy } = kit;
  const browser = new Browser(proxy);
  const first = await browser.get("/basket?item=1");
  equal(first.status, 307);
  const { origin, pathname, searchParams } = new URL(first.headers.location ?? "");
  equal(origin + pathname, `${issuer.url}/authorize`);
  const { state, code_challenge: challenge, ...rest } = Object.fromEntries(searchParams);
  deepEqual(rest, {
    realm: "shop",
    scope: "uid email",
    response_type: "code",
    client_id: "shop",
    redirect_uri: `https://shop.example.org${CALLBACK}`,
    code_challenge_method: "S256",
  });
  ok(state !== undefined && challenge !== undefined);
  const end = await browser.get(kit.logIn(first.headers.location));
  equal(end.status, 307);
  equal(end.headers.location, "https://shop.example.org/basket?item=1");
  match(
    end.headers["set-cookie"]?.[0] ?? "",
    /^__Secure-oauth2-grant=[\w-]+; Path=\/; Domain=example\.org; Max-Age=\d+; HttpOnly; SameSite=Lax; Secure$/,
  );
  const asked = issuer.server.seen.find(({ path }) => path === "/token");
  equal(asked?.headers.authorization, `Basic ${Buffer.from("shop:s3cret").toString("base64")}`);
  equal(kit.forms()[0]?.get("scope"), "uid email");
  equal(proxy.backend.seen.length, 0);
  browser.cookies.set("theirs", "kept");
  const again = await browser.get("/basket?item=1");
  equal(again.status, 200);
  equal(again.headers["set-cookie"], undefined);
  const seen = proxy.backend.seen[0]?.headers ?? {};
  equal(seen.authorization, "Bearer access-ann-0");
  equal(seen["x-user"], "ann");
  deepEqual(JSON.parse(String(seen["x-info"])), { uid: "ann", realm: "shop", secretly: 1, sub: "ann" });
  equal(seen.cookie, "theirs=kept");
  equal(issuer.asked("/tokeninfo"), 2);
  for (const secret of ["s3cret", "access-ann", "refresh-ann", session(browser)]) equal(proxy.logged.join("\n").includes(secret), false);
});

test("claims are those that tokeninfo said, as many as are wanted", async (t) => {
  const kit = await setUp(t, { tokeninfoKeys: ["realm", "sub"] });
  equal((await (await loggedIn(kit)).get("/admin/x")).status, 401);
  const root = await loggedIn(kit, "root");
  equal((await root.get("/admin/x")).status, 200);
  equal((await root.get("/")).status, 200);
  deepEqual(JSON.parse(String(kit.proxy.backend.seen.at(-1)?.headers["x-info"])), { realm: "admins", sub: "root" });
  const nameless = await loggedIn(await setUp(t, { subjectKey: "email" }));
  equal((await nameless.get("/")).status, 401);
});

test("a token is refreshed when it is about to end; requests that come with the old cookie get the same new one", async (t) => {
  const kit = await setUp(t);
  const browser = await loggedIn(kit);
  const before = session(browser);
  kit.clock.skip(3_480_000);
  equal((await browser.get("/")).headers["set-cookie"], undefined);
  kit.clock.skip(75_000);
  const late = new Browser(kit.proxy);
  late.cookies.set("__Secure-oauth2-grant", before);
  const answers = await Promise.all([browser.get("/"), browser.get("/"), late.get("/")]);
  deepEqual(
    answers.map(({ status }) => status),
    [200, 200, 200],
  );
  equal(kit.forms().length, 2, "the code, and one refresh");
  equal(kit.forms()[1]?.get("grant_type"), "refresh_token");
  notEqual(session(browser), before);
  equal(kit.proxy.backend.seen.at(-1)?.headers.authorization, "Bearer access-ann-1");
  equal((await browser.get("/")).headers["set-cookie"], undefined);
  // Days later the refresh token is still good.
  kit.clock.skip(864_000_000);
  equal((await browser.get("/")).status, 200);
  equal(kit.proxy.backend.seen.at(-1)?.headers.authorization, "Bearer access-ann-2");
});

test("a refresh that fails harms nobody whose token is good; when it is over, who is refused logs in, and without a server there is 503", async (t) => {
  const kit = await setUp(t);
  const browser = await loggedIn(kit);
  kit.clock.skip(3_545_000);
  const down = (paths: readonly string[]): void => {
    const answering = kit.issuer;
    answering.respond = (seen, response) => {
      const isDown = paths.includes(seen.path);
      response.writeHead(isDown ? 500 : 200, { "content-type": "application/json" }).end(JSON.stringify({ uid: "ann" }));
    };
  };
  down(["/token"]);
  equal((await browser.get("/")).status, 200);
  equal((await browser.get("/")).status, 200);
  equal(kit.forms().length, 2, "one that failed is not tried by each request");
  kit.clock.skip(60_000);
  equal((await browser.get("/")).status, 503);
  kit.issuer.respond = undefined;
  kit.clock.skip(30_000);
  equal((await browser.get("/")).status, 200);
  kit.issuer.codes.clear();
  kit.clock.skip(3_700_000);
  const refused = await browser.get("/x");
  equal(refused.status, 307);
  equal((await browser.get(kit.logIn(refused.headers.location))).headers.location, "https://shop.example.org/x");
  equal((await browser.get("/x")).status, 200);
});

test("while tokeninfo is down, what it said before counts; a token that it refuses does not", async (t) => {
  const kit = await setUp(t);
  const browser = await loggedIn(kit);
  kit.issuer.respond = (_, response) => void response.writeHead(500).end();
  equal((await browser.get("/")).status, 200);
  equal(kit.proxy.backend.seen[0]?.headers["x-user"], "ann");
  kit.issuer.respond = undefined;
  kit.clock.skip(60_000);
  kit.issuer.tokens.clear();
  equal((await browser.get("/")).status, 307);
});

test("nobody is logged in by somebody else's link, state or code, nor by a cookie of another domain", async (t) => {
  const kit = await setUp(t);
  const [attacker, victim] = [new Browser(kit.proxy), new Browser(kit.proxy)];
  const { location } = (await attacker.get("/")).headers;
  equal((await victim.get(kit.logIn(location))).status, 400);
  const own = (await victim.get("/")).headers.location;
  equal((await victim.get(kit.logIn(location))).status, 400);
  equal((await attacker.get(kit.logIn(location).replace(/state=[^&]*/, "state=abc"))).status, 400);
  equal((await attacker.get(`${CALLBACK}?error=access_denied&state=x`)).status, 400);
  // The victim's code in the attacker's login.
  const [code] = /code-\d+/.exec(kit.logIn(own)) ?? [];
  equal((await attacker.get(kit.logIn(location).replace(/code-\d+/, String(code)))).status, 401);
  equal(session(attacker) + session(victim), "");
  const back = kit.logIn(location);
  equal((await attacker.get(back)).status, 307);
  equal((await attacker.get(back)).status, 401);
  equal((await attacker.get("/", "other.example.org")).status, 200);
  for (const host of ["shop.notexample.org", "example.org.evil.example", "notexample.org"])
    equal((await attacker.get("/", host)).status, 307, host);
  const value = session(attacker);
  for (const text of [`${value.slice(0, -2)}AA`, "", attacker.cookies.get("__Secure-oauth2-grant-login") ?? ""]) {
    attacker.cookies.set("__Secure-oauth2-grant", text);
    equal((await attacker.get("/")).status, 307);
  }
});

test("a login that took too long begins again, and ends where it was to", async (t) => {
  const kit = await setUp(t);
  const browser = new Browser(kit.proxy);
  const late = kit.logIn((await browser.get("/basket")).headers.location);
  kit.clock.skip(601_000);
  const again = await browser.get(late);
  equal(again.status, 307);
  equal((await browser.get(kit.logIn(again.headers.location))).headers.location, "https://shop.example.org/basket");
});

test("one callback serves the hosts below the domain of its cookies", async (t) => {
  const kit = await setUp(t, { callbackUrl: `https://login.example.org${CALLBACK}` });
  const browser = new Browser(kit.proxy);
  const { location } = (await browser.get("/basket")).headers;
  equal((await browser.get(kit.logIn(location), "login.example.org")).headers.location, "https://shop.example.org/basket");
  equal((await browser.get("/basket")).status, 200);
  equal((await new Browser(kit.proxy).get("/", "shop.example.com")).status, 401);
});

test("a logout takes tokens back, and lets the browser forget them whatever the server says", async (t) => {
  const kit = await setUp(t);
  const revoked = (): readonly string[] =>
    kit.issuer.server.seen.filter(({ path }) => path.startsWith("/revoke")).map(({ body }) => new URLSearchParams(body).get("token") ?? "");
  equal((await new Browser(kit.proxy).get("/logout")).status, 401);
  const browser = await loggedIn(kit);
  const out = await browser.get("/logout");
  equal(out.body, "out");
  match(out.headers["set-cookie"]?.[0] ?? "", /^__Secure-oauth2-grant=; Path=\/; Domain=example\.org; Max-Age=0;/);
  deepEqual(revoked().toSorted(), ["access-ann-0", "refresh-ann-0"]);
  equal((await browser.get("/")).status, 307);
  for (const [status, error] of [
    [500, "x"],
    [400, "invalid_client"],
  ] as const) {
    const other = await loggedIn(kit);
    kit.issuer.respond = (_, response) => void response.writeHead(status).end(JSON.stringify({ error }));
    equal((await other.get("/logout")).status, 503, error);
    equal(session(other), "");
    kit.issuer.respond = undefined;
    kit.clock.skip(60_000);
  }
  const last = await loggedIn(kit);
  kit.issuer.respond = ({ body }, response) => {
    const isAccess = new URLSearchParams(body).get("token_type_hint") === "access_token";
    response.writeHead(isAccess ? 400 : 200).end(isAccess ? '{"error":"unsupported_token_type"}' : "");
  };
  equal((await last.get("/logout")).status, 200);
});

test("without an endpoint for it a logout forgets the tokens only", async (t) => {
  const kit = await setUp(t, { revocationUrl: undefined });
  const browser = await loggedIn(kit);
  equal((await browser.get("/logout")).status, 200);
  equal(session(browser), "");
  equal((await new Browser(kit.proxy).get("/logout")).status, 200);
});

test("a page of one's own can lead to the login; what would lose its body is not sent there", async (t) => {
  const kit = await setUp(t);
  const browser = new Browser(kit.proxy);
  const page = await browser.get("/page");
  equal(page.status, 200);
  const url = String(page.headers["x-auth-code-url"]);
  equal(page.body, `to '${url}'`);
  equal((await browser.get(kit.logIn(url))).status, 307);
  equal((await browser.get("/page", undefined, "POST")).status, 200, "the back end's");
  equal((await new Browser(kit.proxy).get("/", undefined, "POST")).status, 401);
});

test("without keys or secret nobody passes, and nobody is logged in", async (t) => {
  const kit = await setUp(t, { client: { id: { text: "shop" }, secret: { file: "/none" } } });
  const browser = new Browser(kit.proxy);
  equal((await browser.get(kit.logIn((await browser.get("/")).headers.location))).status, 503);
  writeFileSync(kit.secrets, "short");
  const other = await setUp(t, { secretsFile: kit.secrets });
  equal((await new Browser(other.proxy).get("/")).status, 503);
  match(other.proxy.logged.join(), /AUTH_SECRET/);
});

test("the route of the callback is there by itself, and only where logins are", async (t) => {
  const { settings } = (await setUp(t)).proxy.runtime;
  deepEqual(grantCallbackRoutes(settings), [
    {
      id: "__oauth2_grant_callback",
      predicates: [{ name: "Path", args: [CALLBACK] }],
      filters: [{ name: "grantCallback", args: [] }],
      backend: { type: "shunt" },
    },
  ]);
  deepEqual(grantCallbackRoutes({ ...settings, grant: undefined }), []);
});
