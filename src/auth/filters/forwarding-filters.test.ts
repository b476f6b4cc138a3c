import { equal, match } from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { AheadClock } from "../testing/ahead-clock.ts";
import { startAuthProxy } from "../testing/auth-proxy.ts";
import { makeKey, startAuthorizationServer } from "../testing/authorization-server.ts";

test("the back end is told what was found out about a token, and never what the client says of itself", async (t) => {
  const authority = await startAuthorizationServer(t);
  const key = await makeKey("first");
  authority.keys = [key.jwk];
  authority.tokens.set("info", { uid: "ann", scope: ["read"], name: "Änne", realm: { name: "shop" }, level: 3 });
  authority.tokens.set("active", { active: true, sub: "bob" });
  const { url } = authority;
  const { ask, backend } = await startAuthProxy(
    t,
    `all: Path("/all") -> oauthTokeninfoAnyScope("read") -> forwardToken("X-Token") -> BACKEND;
     some: Path("/some") -> oauthTokeninfoAnyScope("read") -> forwardToken("X-Token", "uid", "toString", "level") -> BACKEND;
     field: Path("/field") -> oauthTokeninfoAnyScope("read") -> forwardTokenField("X-Token", "name") -> forwardTokenField("X-Realm", "realm.name")
       -> forwardTokenField("X-Level", "level") -> forwardTokenField("X-None", "realm.constructor.name") -> BACKEND;
     active: Path("/active") -> oauthTokenintrospectionAnyKV("${url}", "sub", "bob") -> forwardToken("X-Token", "sub") -> BACKEND;
     jwt: Path("/jwt") -> jwtValidation("${url}") -> forwardTokenField("X-Token", "email") -> forwardTokenField("X-Realm", "claims.https://a.b/c") -> BACKEND;
     none: Path("/none") -> forwardToken("X-Token") -> forwardTokenField("X-Realm", "realm") -> BACKEND;`,
    { settings: { tokeninfo: { url: `${url}/tokeninfo`, timeoutMs: 20_000 } } },
  );
  const told = async (path: string, token: string): Promise<Readonly<Record<string, string | undefined>>> => {
    const headers = { Authorization: `Bearer ${token}`, "x-token": "mine", "X-Realm": "mine", "X-Level": "mine", "X-None": "mine" };
    equal((await ask(path, headers)).status, 200, path);
    const seen = backend.seen.at(-1)?.headers ?? {};
    return Object.fromEntries(["x-token", "x-realm", "x-level", "x-none"].map((name) => [name, seen[name]?.toString()]));
  };
  equal(
    Buffer.from((await told("/all", "info"))["x-token"] ?? "", "latin1").toString("utf8"),
    JSON.stringify({ uid: "ann", scope: ["read"], name: "Änne", realm: { name: "shop" }, level: 3 }),
  );
  equal((await told("/some", "info"))["x-token"], '{"uid":"ann","level":3}');
  const fields = await told("/field", "info");
  equal(Buffer.from(fields["x-token"] ?? "", "latin1").toString("utf8"), "Änne");
  equal(fields["x-realm"], "shop");
  equal(fields["x-level"], "3");
  equal(fields["x-none"], undefined);
  equal((await told("/active", "active"))["x-token"], '{"sub":"bob"}');
  const jwt = await told("/jwt", await authority.sign(key, { email: "a@b.c\r\nX-Evil: 1" }));
  equal(jwt["x-token"], undefined, "what could end the line is not written");
  equal((await told("/jwt", await authority.sign(key, { email: "a@b.c" })))["x-token"], "a@b.c");
  const none = await told("/none", "x");
  equal(none["x-token"], undefined);
  equal(none["x-realm"], undefined);
});

test("secrets come from files where they may be, change with them, and never from the client", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-auth-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, "allowed"));
  mkdirSync(join(folder, "allowed-not"));
  const write = (name: string, text: string): void => writeFileSync(join(folder, name), text);
  write("allowed/token", "first\n");
  write("allowed-not/token", "outside");
  write("allowed/lines", "two\nlines");
  symlinkSync(join(folder, "allowed-not/token"), join(folder, "allowed/link"));
  const clock = new AheadClock();
  const { ask, backend, logged } = await startAuthProxy(
    t,
    `bearer: Path("/bearer") -> bearerinjector("${folder}/allowed/token") -> BACKEND;
     field: Path("/field") -> setRequestHeaderFromSecret("X-Key", "${folder}/allowed/token", "<", ">") -> BACKEND;
     ${["allowed-not/token", "allowed/link", "allowed/../allowed-not/token", "allowed/lines", "allowed/missing"]
       .map((path, at) => `bad${at}: Path("/bad${at}") -> bearerinjector("${folder}/${path}") -> BACKEND;`)
       .join("\n")}`,
    { settings: { credentialsPaths: [join(folder, "allowed")] }, clock },
  );
  equal((await ask("/bearer", { Authorization: ["Bearer mine", "Basic mine"] })).status, 200);
  equal(backend.seen[0]?.headers.authorization, "Bearer first");
  equal((await ask("/field", { "x-key": "mine" })).status, 200);
  equal(backend.seen[1]?.headers["x-key"], "<first>");
  write("allowed/token", "second");
  clock.skip(5_000);
  await ask("/bearer");
  equal(backend.seen[2]?.headers.authorization, "Bearer second");
  for (let at = 0; at < 5; at++) equal((await ask(`/bad${at}`, { Authorization: "Bearer mine" })).status, 503, String(at));
  equal(backend.seen.length, 3);
  match(logged.join("\n"), /is in none of --credentials-paths/);
  equal(/first|second|outside|two/.test(logged.join("\n")), false);
});
