import { equal, match } from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { hashSync } from "bcryptjs";
import { AheadClock } from "../testing/ahead-clock.ts";
import { startAuthProxy } from "../testing/auth-proxy.ts";

const basic = (user: string, password: string): string => `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;

function passwordFile(t: TestContext, text: string): string {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-auth-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, "htpasswd");
  writeFileSync(path, text);
  return path;
}

test("basicAuth lets the right password through and answers 401 to everything else", async (t) => {
  const path = passwordFile(t, `ann:${hashSync("sécret:with:colons", 4)}\n`);
  const { ask, backend, metric, logged } = await startAuthProxy(
    t,
    `* -> basicAuth("${path}", "the \\"shop\\"") -> setContextRequestHeader("X-User", "auth-user") -> BACKEND`,
  );
  const right = await ask("/", { Authorization: basic("ann", "sécret:with:colons") });
  equal(right.status, 200);
  equal(backend.seen[0]?.headers["x-user"], "ann");
  for (const headers of [
    {},
    { Authorization: basic("ann", "wrong") },
    { Authorization: basic("bob", "sécret:with:colons") },
    { Authorization: basic("", "") },
    { Authorization: "Basic !!!" },
    { Authorization: "Basic" },
    { Authorization: `Bearer ${basic("ann", "sécret:with:colons").slice(6)}` },
    { Authorization: [basic("ann", "sécret:with:colons"), basic("bob", "x")] },
  ]) {
    const { status, headers: answered } = await ask("/", headers);
    equal(status, 401, JSON.stringify(headers));
    equal(answered["www-authenticate"], 'Basic realm="the _shop_"');
  }
  equal(backend.seen.length, 1);
  equal(metric("holdfast_auth_decisions_total", "basicAuth", "allowed"), 1);
  equal(metric("holdfast_auth_decisions_total", "basicAuth", "refused"), 8);
  equal(logged.join().includes("sécret"), false);
});

test("basicAuth takes a changed file over, and answers 503 while there never was a good one", async (t) => {
  const path = passwordFile(t, "not a file of passwords");
  const clock = new AheadClock();
  const { ask, metric, logged } = await startAuthProxy(t, `* -> basicAuth("${path}") -> BACKEND`, { clock });
  equal((await ask("/", { Authorization: basic("ann", "one") })).status, 503);
  equal(metric("holdfast_auth_decisions_total", "basicAuth", "unavailable"), 1);
  match(logged.join("\n"), /line 1: expected user:hash/);
  const write = (text: string): void => {
    writeFileSync(path, text);
    clock.skip(5_000);
  };
  write(`ann:${hashSync("one", 4)}\n`);
  equal((await ask("/", { Authorization: basic("ann", "one") })).status, 200);
  write(`ann:${hashSync("two", 4)}\n`);
  equal((await ask("/", { Authorization: basic("ann", "one") })).status, 401);
  equal((await ask("/", { Authorization: basic("ann", "two") })).status, 200);
  write("rubbish");
  equal((await ask("/", { Authorization: basic("ann", "two") })).status, 200);
  write("");
  equal((await ask("/", { Authorization: basic("ann", "two") })).status, 401);
});
