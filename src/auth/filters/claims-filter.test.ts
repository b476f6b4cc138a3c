import { equal } from "node:assert/strict";
import { test } from "node:test";
import { startAuthProxy } from "../testing/auth-proxy.ts";
import { makeKey, startAuthorizationServer } from "../testing/authorization-server.ts";

test("oidcClaimsQuery lets through whose claims fit the first path, and nobody without claims", async (t) => {
  const issuer = await startAuthorizationServer(t);
  const key = await makeKey("first");
  issuer.keys = [key.jwk];
  const { ask, backend, metric } = await startAuthProxy(
    t,
    `all: * -> jwtValidation("${issuer.url}")
       -> oidcClaimsQuery("/login:groups.#[==\\"appY\\"] 'groups.#[==\\"white space\\"]'", "/secret:@_:realm==\\"x\\"", "/path:@_:email%\\"*@example.org\\"") -> BACKEND;
     bare: Path("/bare") -> oidcClaimsQuery("/:sub") -> BACKEND;
     keys: Path("/keys") -> jwtValidationKeys("${issuer.url}/keys") -> oidcClaimsQuery("/:email") -> BACKEND;`,
  );
  const statusOf = async (path: string, claims: object): Promise<number> =>
    (await ask(path, { Authorization: `Bearer ${await issuer.sign(key, { ...claims })}` })).status;
  equal(await statusOf("/path/x", { email: "a@example.org" }), 200);
  equal(await statusOf("/path/x", { email: "a@example.com" }), 401);
  equal(await statusOf("/login/x", { groups: ["appY"] }), 200);
  equal(await statusOf("/login/x", { groups: ["white space"] }), 200);
  equal(await statusOf("/login/x", { groups: ["appX"], email: "a@example.org" }), 401);
  equal(await statusOf("/elsewhere", { email: "a@example.org" }), 401);
  equal(await statusOf("/login/../secret", { groups: ["appY"] }), 401, "the path is the one that is forwarded");
  equal(await statusOf("/bare", { email: "a@example.org" }), 401);
  equal(await statusOf("/keys", { email: "a@example.org", sub: undefined }), 401);
  equal(backend.seen.length, 3);
  equal(metric("holdfast_auth_decisions_total", "oidcClaimsQuery", "allowed"), 3);
});
