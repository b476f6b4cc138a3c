import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fillCompileCache } from "../scripts/fill-compile-cache.ts";
import { freePort } from "../src/kernel/testing/free-port.ts";
import { holdfast, startRouter, testFolder, writeKubeconfig } from "./router-kit.ts";

test("after an installation no program compiles anything of ours for itself", async (t) => {
  const directory = await testFolder(t);
  const cache = join(directory, "cache");
  await fillCompileCache(cache);
  const before = files(cache);
  assert.ok(before.length > 500, `${before.length} files`);
  const env = { NODE_COMPILE_CACHE: cache };
  const kubeconfig = await writeKubeconfig(directory, `http://127.0.0.1:${await freePort()}`, "token");
  const flags = ["--kubeconfig", kubeconfig, "--snapshot", join(directory, "snapshot"), "--drain-delay", "0"];
  const router = await startRouter(t, flags, env);
  router.child.kill("SIGTERM");
  assert.equal(await router.ended, 0);
  assert.equal(await holdfast(t, ["lab", "--help"], env).ended, 0);
  assert.equal(await holdfast(t, ["routes", "check", "/dev/null"], env).ended, 0);
  assert.deepEqual(files(cache), before);
});

function files(directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true, encoding: "utf8" }).toSorted();
}
