import { deepEqual, equal, throws } from "node:assert/strict";
import { resolve } from "node:path";
import { test } from "node:test";
import { Command } from "commander";
import { type GrantFlags, addGrantFlags, readGrantSettings } from "./grant-flags.ts";

const TOKENINFO = { url: "https://accounts.example.org/tokeninfo", timeoutMs: 2_000 };
const LEAST = [
  ["--enable-oauth2-grant-flow"],
  ["--oauth2-auth-url", "https://accounts.example.org/authorize"],
  ["--oauth2-token-url", "https://accounts.example.org/token"],
  ["--oauth2-secret-file", "keys"],
  ["--oauth2-client-id", "shop"],
  ["--oauth2-client-secret-file", "secret"],
] as const;

function read(args: readonly string[], isTokeninfoKnown = true): ReturnType<typeof readGrantSettings> {
  const command = addGrantFlags(new Command()).exitOverride();
  return readGrantSettings(command.parse([...args], { from: "user" }).opts<GrantFlags>(), isTokeninfoKnown ? TOKENINFO : undefined);
}

test("what is not said is as Skipper has it, and nothing is enabled", () => {
  equal(read([]), undefined);
  deepEqual(read(LEAST.flat()), {
    authorizationUrl: "https://accounts.example.org/authorize",
    tokenUrl: "https://accounts.example.org/token",
    revocationUrl: undefined,
    tokeninfo: TOKENINFO,
    client: { id: { text: "shop" }, secret: { file: resolve("secret") } },
    secretsFile: resolve("keys"),
    callbackPath: "/.well-known/oauth2-callback",
    callbackUrl: undefined,
    parameters: {},
    accessTokenField: undefined,
    tokeninfoKeys: [],
    subjectKey: "uid",
    cookie: "oauth2-grant",
    removedSubdomains: 1,
    isInsecure: false,
  });
});

test("each thing that is needed is asked for", () => {
  for (const [at, [option]] of LEAST.entries()) {
    if (at === 0) continue;
    const rest = LEAST.filter((_, other) => other !== at).flat();
    throws(() => read(rest), { code: "CLI_USAGE" }, option);
  }
  throws(() => read(LEAST.flat(), false), { message: /needs --oauth2-tokeninfo-url URL/ });
});

test("parameters are read, their callback apart, and what belongs to the login is refused", () => {
  const more = (...args: readonly string[]): ReturnType<typeof read> => read([...LEAST.flat(), ...args]);
  const settings = more("--oauth2-auth-url-parameters", "scope=a b, redirect_uri=https://login.example.org/back ,x=y=z");
  deepEqual(settings?.parameters, { scope: "a b", x: "y=z" });
  equal(settings?.callbackUrl, "https://login.example.org/back");
  for (const [option, bad] of [
    ["--oauth2-auth-url-parameters", "state=x"],
    ["--oauth2-auth-url-parameters", "scope"],
    ["--oauth2-auth-url-parameters", "redirect_uri=x"],
    ["--oauth2-callback-path", "callback"],
    ["--oauth2-callback-path", "/:name"],
    ["--oauth2-access-token-header-name", "Host"],
    ["--oauth2-token-cookie-name", "a b"],
    ["--oauth2-token-cookie-remove-subdomains", "-1"],
    ["--oauth2-revoke-token-url", "ftp://a"],
  ] as const)
    throws(() => more(option, bad), { code: "CLI_USAGE" }, `${option} ${bad}`);
});
