import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { serve } from "./testing/own-filter.ts";
import { startProxy } from "./testing/proxy-under-test.ts";

test("static gives the files below its folder and no other", async () => {
  const top = mkdtempSync(join(tmpdir(), "holdfast-static-"));
  const root = join(top, "root");
  mkdirSync(join(root, "sub"), { recursive: true });
  mkdirSync(join(root, ".well-known"));
  writeFileSync(join(top, "secret"), "secret");
  writeFileSync(join(top, "root-secret"), "secret");
  writeFileSync(join(root, "index.html"), "home");
  writeFileSync(join(root, "a b.txt"), "spaced");
  writeFileSync(join(root, ".env"), "secret");
  writeFileSync(join(root, ".well-known", "x"), "known");
  writeFileSync(join(root, "big"), "x".repeat(300_000));
  symlinkSync(join(top, "secret"), join(root, "out"));
  symlinkSync(join(root, "index.html"), join(root, "in"));
  const under = await startProxy();
  serve(under, `* -> static("/files", "${root}") -> <shunt>`);
  const get = (path: string, method = "GET"): Promise<string> =>
    under.exchange(`${method} ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
  for (const [path, expected] of [
    ["/files/", "home"],
    ["/files", "home"],
    ["/files/index.html", "home"],
    ["/files/in", "home"],
    ["/files/a%20b.txt", "spaced"],
    ["/files/.well-known/x", "known"],
  ] as const) {
    assert.match(
      await get(path),
      new RegExp(`^HTTP/1\\.1 200 [^]*\r\nContent-Length: ${expected.length}\r\n[^]*\r\n\r\n${expected}$`),
      path,
    );
  }
  for (const path of [
    "/files/../secret",
    "/files/%2e%2e/secret",
    "/files/..%2fsecret",
    "/files/sub/..%5c..%5csecret",
    "/files/%2e%2e%2fsecret",
    "/files/out",
    "/files/.env",
    "/files/sub",
    "/files/none",
    "/files-secret",
    "/files%00",
    "/files/index.html%00.png",
    "/other/index.html",
  ]) {
    const got = await get(path);
    assert.match(got, /^HTTP\/1\.1 40[04] /, path);
    assert.doesNotMatch(got, /secret$/, path);
  }
  const big = await get("/files/big");
  assert.equal(big.match(/x/g)?.length, 300_000);
  assert.match(big, /\r\n0\r\n\r\n$/);
  assert.match(await get("/files/index.html", "HEAD"), /^HTTP\/1\.1 200 [^]*Content-Length: 4\r\n[^]*\r\n\r\n$/);
  assert.doesNotMatch(await get("/files/big", "HEAD"), /content-length/i);
  assert.match(await get("/files/index.html", "DELETE"), /^HTTP\/1\.1 405 [^]*Allow: GET, HEAD\r\n/);
  await under.close();
  rmSync(top, { recursive: true, maxRetries: 20, retryDelay: 100 });
});
