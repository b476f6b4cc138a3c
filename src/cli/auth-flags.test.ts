import { deepEqual, throws } from "node:assert/strict";
import { test } from "node:test";
import { Command } from "commander";
import { type AuthFlags, addAuthFlags, readAuthSettings } from "./auth-flags.ts";

function read(...args: readonly string[]): ReturnType<typeof readAuthSettings> {
  const command = addAuthFlags(new Command()).exitOverride();
  return readAuthSettings(command.parse([...args], { from: "user" }).opts<AuthFlags>());
}

test("what is not said is as Skipper has it, and nobody is asked", () => {
  deepEqual(read(), {
    webhookTimeoutMs: 2_000,
    tokeninfo: undefined,
    introspectionTimeoutMs: 2_000,
    tokenCache: { size: 0, ttlMs: 30_000 },
    introspectionClient: { id: process.env["OAUTH_CLIENT_ID"] ?? "", secret: process.env["OAUTH_CLIENT_SECRET"] ?? "" },
    credentialsPaths: [],
    oidc: undefined,
    grant: undefined,
  });
});

test("flags are read, and refused in one line", () => {
  const url = "https://accounts.example.org/tokeninfo?x=y";
  const { tokeninfo, credentialsPaths } = read(
    "--oauth2-tokeninfo-url",
    url,
    "--oauth2-tokeninfo-timeout",
    "0.5",
    "--credentials-paths",
    "/a, /b/../c,",
  );
  deepEqual(tokeninfo, { url, timeoutMs: 500 });
  deepEqual(credentialsPaths, ["/a", "/c"]);
  for (const bad of ["accounts", "ftp://a", "https://u:p@a", "https://a#b"])
    throws(() => read("--oauth2-tokeninfo-url", bad), { code: "CLI_USAGE" }, bad);
  throws(() => read("--webhook-timeout", "0"), { code: "CLI_USAGE" });
  throws(() => read("--oauth2-token-cache-size", "1000001"), { code: "CLI_USAGE" });
});
