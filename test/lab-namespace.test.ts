import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { networkNamespaceOf } from "../src/experiment/index.ts";
import { whyNoNamespace } from "../src/experiment/namespace/testing/why-no-namespace.ts";
import { until } from "../src/kernel/testing/until.ts";

const root = join(import.meta.dirname, "..");

const why = whyNoNamespace();
if (why === undefined) {
  test("a lab in a network of its own shows its console outside and nothing else; it ends with who started it", async (t) => {
    const stateDir = mkdtempSync(join(tmpdir(), "holdfast-lab-namespace-"));
    const started = startLab(stateDir);
    t.after(async () => {
      started.kill("SIGKILL");
      await until("the lab has ended", () => !existsSync(join(stateDir, "lab.json")), 60_000);
      rmSync(stateDir, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
    });
    await until("the lab serves", () => existsSync(join(stateDir, "lab.json")), 90_000, 100);
    const handle = JSON.parse(readFileSync(join(stateDir, "lab.json"), "utf8")) as Handle;
    assert.notEqual(handle.pid, started.pid);
    const components = (await (await fetch(new URL("/api/components", handle.url))).json()) as readonly Component[];
    const names = components.map(({ name }) => name.replace(/(pod\/shop\/[a-z]+)-.*/, "$1"));
    for (const name of ["apiserver", "kubelet/node-1", "router/node-1/hold", "pod/shop/cart"]) assert.ok(names.includes(name), name);
    assert.ok(!names.includes("load"));
    assert.equal(names.filter((name) => name === "pod/shop/cart").length, 2);
    // Another lab may have the same addresses outside: that they cannot be reached says nothing.
    for (const { name, pid } of components) assert.notEqual(networkNamespaceOf(pid ?? 0), networkNamespaceOf("self"), name);
    // What it was told of the routers reached them.
    const router = components.find(({ name }) => name === "router/node-1/hold");
    assert.match(readFileSync(`/proc/${router?.pid}/cmdline`, "utf8"), /\0--via\0lab\0$/);
    const act = (activity: string, given: object): object => ({
      type: "action",
      name: `${activity} ${JSON.stringify(given)}`,
      provider: { type: "holdfast", activity, arguments: given },
    });
    const method = [
      act("component/stop", { name: "scheduler" }),
      act("component/start", { name: "scheduler" }),
      act("component/stop", { name: "aws", kill: true }),
      act("component/signal", { name: "apiserver" }),
      act("network/drop", { of: "pod/shop/*/app", count: 1, direction: "replies" }),
      act("component/restart", { name: "pod/shop/*/app", kill: true }),
    ];
    // An experiment that is aimed at the lab runs where the lab is.
    const livez = { url: `http://${router?.listens[1]}/livez`, type: "http", timeout: 5 };
    const probes = [{ type: "probe", name: "router", tolerance: 200, provider: livez }];
    const experiment = {
      title: "a lab",
      description: "is looked at",
      "steady-state-hypothesis": { title: "it lives", probes },
      method,
    };
    writeFileSync(join(stateDir, "look.json"), JSON.stringify(experiment));
    const run = spawnSync(process.execPath, ["src/cli/main.ts", "experiment", "run", join(stateDir, "look.json"), "--lab", stateDir], {
      cwd: root,
    });
    assert.equal(run.status, 0, String(run.stderr));
    assert.match(String(run.stderr), /5 faults were seen to be there by a witness/);
    await until("what was stopped runs again", async () => {
      const again = (await (await fetch(new URL("/api/components", handle.url))).json()) as readonly Component[];
      return ["scheduler", "aws"].every((name) => typeof again.find((one) => one.name === name)?.pid === "number");
    });
    started.kill("SIGKILL");
    await until("the lab has ended", () => !commandOf(handle.pid).includes(stateDir), 60_000);
  });
} else process.stdout.write(`not run: a lab in a network of its own (${why})\n`);

interface Handle {
  readonly url: string;
  readonly pid: number;
}

interface Component {
  readonly name: string;
  readonly pid: number | null;
  readonly listens: readonly string[];
}

function startLab(stateDir: string): ChildProcess {
  const flags = ["--scenario", "none", "--policy", "hold", "--nodes", "1", "--replicas", "2", "--rate", "0", "--port", "0"];
  const more = ["--router-arg", "--via", "--router-arg", "lab", "--network-namespace", "--state", stateDir];
  return spawn(process.execPath, ["src/cli/main.ts", "lab", ...flags, ...more], { cwd: root, stdio: ["ignore", "ignore", "inherit"] });
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return "";
  }
}
