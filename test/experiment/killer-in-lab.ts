// The killer in a whole lab, under load. A minute of two cores, so that the nightly run has it: bin/node --test test/experiment/killer-in-lab.ts
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { systemClock, systemRandom } from "../../src/kernel/index.ts";
import { until } from "../../src/kernel/testing/until.ts";
import { createKubeClient, kinds, loadKubeconfig } from "../../src/kube/index.ts";
import { viewPod } from "../../src/experiment/killer/world/pod-view.ts";
import { viewWorkload } from "../../src/experiment/killer/world/workload-view.ts";

const PATIENCE_MS = 120_000;

test(
  "in a lab pods of the Deployment that agreed are killed again and again, nobody else is, and who asks for it sees nothing of it",
  { timeout: 300_000 },
  async (t) => {
    const state = mkdtempSync(join(tmpdir(), "holdfast-killer-lab-"));
    const lab = spawn("bin/holdfast", ["lab", "--scenario", "none", "--policy", "hold", "--port", "0", "--state", state], {
      stdio: "ignore",
    });
    t.after(async () => {
      const ended = once(lab, "close");
      lab.kill("SIGTERM");
      await ended;
      rmSync(state, { recursive: true, force: true, maxRetries: 5 });
    });
    const kubeconfig = join(state, "kubeconfig");
    const cluster = await until("the lab's kubeconfig", () => loadKubeconfig(kubeconfig), PATIENCE_MS);
    const client = createKubeClient({ cluster }, { clock: systemClock, random: systemRandom });
    t.after(() => client.close());
    const alive = setInterval(() => {}, 2 ** 30);
    t.after(() => clearInterval(alive));
    const pods = async () =>
      (await client.list(kinds.pods, { namespace: "shop" })).items.map(viewPod).filter(({ isTerminating }) => !isTerminating);
    const isWhole = async (): Promise<boolean> => {
      const apps = (await client.list(kinds.deployments, { namespace: "shop" })).items.map(viewWorkload);
      return apps.length >= 3 && apps.every(({ unwell }) => unwell === undefined);
    };
    await until("every Deployment is whole", isWhole, PATIENCE_MS, 500);
    const description = await until("lab.json", () => readFileSync(join(state, "lab.json"), "utf8"), PATIENCE_MS);
    const { network } = JSON.parse(description) as { readonly network: { readonly cidr: string } };
    const front = `http://${network.cidr.replace(/0\.0\/16$/, "2.1")}:8080/`;
    const ask = (...args: readonly string[]): number | null =>
      spawnSync("bin/holdfast", ["load", "run", "--url", front, "--host", "cart.lab", ...args, "--json", join(state, "load.json")]).status;
    await until("the load balancer serves", () => ask("--rate", "5", "--duration", "1s") !== 1, PATIENCE_MS, 1_000);
    await client.patch(
      kinds.deployments,
      { namespace: "shop", name: "cart" },
      { type: "merge", body: { metadata: { labels: { "holdfast.dev/chaos": "enabled" } } } },
    );
    const before = await pods();

    const args = [
      "--kubeconfig",
      kubeconfig,
      "--namespace",
      "default",
      "--interval",
      "8s",
      "--no-dry-run",
      "--admin",
      "127.0.0.1:0",
      "--max-runtime",
      "40s",
    ];
    const killer = spawn("bin/holdfast", ["chaos", "run", ...args], { stdio: ["ignore", "ignore", "pipe"] });
    const logged = text(killer.stderr);
    const ended = once(killer, "close");
    ask("--rate", "50", "--duration", "40s");
    assert.equal((await ended)[0], 0);

    const killed = (await logged).match(/"outcome":"killed","msg":"somebody was killed"/g)?.length ?? 0;
    assert.ok(killed >= 2, await logged);
    const result = JSON.parse(readFileSync(join(state, "load.json"), "utf8")) as {
      readonly totals: { readonly sent: number; readonly ok: number };
    };
    assert.ok(result.totals.sent > 1_500 && result.totals.ok === result.totals.sent, JSON.stringify(result.totals));
    await until("every Deployment is whole again", isWhole, PATIENCE_MS, 500);
    const after = new Set((await pods()).map(({ uid }) => uid));
    const gone = before.filter(({ uid }) => !after.has(uid));
    assert.ok(gone.length >= 1 && gone.every(({ name }) => name.startsWith("cart-")), gone.map(({ key }) => key).join(" "));
    t.diagnostic(`${killed} pods killed, ${result.totals.ok} of ${result.totals.sent} requests right`);
  },
);
