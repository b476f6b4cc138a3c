import assert from "node:assert/strict";
import { test } from "node:test";
import { freePort } from "../../src/kernel/testing/free-port.ts";
import { until } from "../../src/kernel/testing/until.ts";
import { holdfast, testFolder, writeKubeconfig } from "../router-kit.ts";

test("waiting for an API server and an AWS that are not there the controller does not just end", { timeout: 60_000 }, async (t) => {
  const folder = await testFolder(t);
  const kubeconfig = await writeKubeconfig(folder, `http://127.0.0.1:${await freePort()}`, "token");
  const endpoint = `http://127.0.0.1:${await freePort()}`;
  const flags = [
    "--kubeconfig",
    kubeconfig,
    "--cluster-id",
    "lab",
    "--region",
    "eu-central-1",
    "--endpoint",
    endpoint,
    "--admin",
    "127.0.0.1:0",
  ];
  const alb = holdfast(t, ["alb", ...flags], { AWS_ACCESS_KEY_ID: "AKIALAB", AWS_SECRET_ACCESS_KEY: "secret" });
  await until("it answers its admin listener", () => alb.stdout().includes("admin on 127.0.0.1"), 30_000);
  alb.child.kill("SIGTERM");
  assert.equal(await alb.ended, 0);
});
