import assert from "node:assert/strict";
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { describe, test, type TestContext } from "node:test";
import { freePort } from "../../kernel/testing/free-port.ts";
import { until } from "../../kernel/testing/until.ts";
import type { AlbState } from "../alb/index.ts";
import type { LoadState } from "./run.ts";

const token = "lab-token";

describe("the parts alb and load, as processes", () => {
  test("account for every request when a target is killed, and excuse what it tore down and no more", { timeout: 30_000 }, async (t) => {
    const [doomed, other] = await Promise.all([
      startChild(t, import.meta.resolve("./testing/killable-target.ts"), ["3000"]),
      startChild(t, import.meta.resolve("./testing/killable-target.ts"), []),
    ]);
    const [albPort, albControl, loadControl] = await Promise.all([freePort(), freePort(), freePort()]);
    const folder = mkdtempSync(join(tmpdir(), "holdfast-lab-parts-"));
    t.after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 }));
    const loadBalancer = {
      name: "hold",
      nodes: [{ zone: "a", address: "127.0.0.1" }],
      targetGroups: [
        {
          name: "web",
          healthCheck: { path: "/readyz", intervalMs: 200, timeoutMs: 200, healthyThreshold: 2 },
          targets: [doomed, other].map(({ firstLine }) => ({ id: "127.0.0.1", port: Number(firstLine), zone: "a" })),
        },
      ],
      listeners: [{ port: albPort, defaultAction: { type: "forward", targetGroups: [{ name: "web" }] } }],
    };
    await startPart(t, folder, "alb", { control: { host: "127.0.0.1", port: albControl, token }, loadBalancers: [loadBalancer] });
    const alb = client(albControl);
    const load = client(loadControl);
    await until(
      "the balancer counts every target healthy",
      async () =>
        (await alb.get<AlbState>("/load-balancers/hold/state")).targetGroups[0]?.targets.every((target) => target.state === "healthy") ??
        false,
    );
    await startPart(t, folder, "load", {
      control: { host: "127.0.0.1", port: loadControl, token },
      targets: [
        {
          policy: "hold",
          urls: [`http://127.0.0.1:${albPort}`],
          hosts: [{ host: "shop.example", application: "shop" }],
          ratePerSecond: 300,
        },
      ],
    });
    const doomedTarget = `127.0.0.1:${doomed.firstLine}`;
    const doomedInFlight = async (): Promise<number> =>
      (await alb.get<AlbState>("/load-balancers/hold/state")).targetGroups[0]?.targets.find((target) => target.target === doomedTarget)
        ?.inFlight ?? 0;
    await until("two requests are under way at the target", async () => (await doomedInFlight()) >= 2);

    const atMs = Date.now();
    doomed.child.kill("SIGKILL");
    await once(doomed.child, "exit");
    const untilMs = Date.now();
    const { inFlight } = await alb.get<{ inFlight: number }>(
      `/load-balancers/hold/in-flight?target=${doomedTarget}&fromMs=${atMs}&untilMs=${untilMs}`,
    );
    await load.post("/kill-notice", { target: doomedTarget, atMs, untilMs, inFlightLimit: inFlight });
    await until(
      "the balancer finds the target unhealthy",
      async () =>
        (await alb.get<AlbState>("/load-balancers/hold/state")).targetGroups[0]?.targets.find((target) => target.target === doomedTarget)
          ?.state === "unhealthy",
    );

    const final = await load.post<LoadState>("/stop", {});
    const totals = final.targets[0]?.totals;
    assert.ok(totals);
    assert.equal(totals.outstanding, 0);
    assert.equal(totals.right + totals.failed + totals.lostInFlightAtKill, totals.sent);
    assert.ok(totals.lostInFlightAtKill >= 2 && totals.lostInFlightAtKill <= inFlight, `${totals.lostInFlightAtKill} of ${inFlight}`);
    // What still failed was sent to the dead target and refused: no retry, until the health checks took it out.
    const { failures } = await alb.get<{ failures: AlbState["failures"] }>("/load-balancers/hold/failures");
    assert.equal(failures.filter((failure) => failure.phase === "dial").length, totals.failed);
    assert.equal(failures.length, totals.failed + totals.lostInFlightAtKill);
    assert.equal((await alb.get<AlbState>("/load-balancers/hold/state")).requests, totals.sent);
  });
});

interface StartedChild {
  readonly child: ChildProcess;
  readonly firstLine: string;
}

/** Starts a program and waits for its first line; it is killed with its test. */
async function startChild(t: TestContext, file: string, args: readonly string[]): Promise<StartedChild> {
  const child = fork(new URL(file), args, { stdio: ["ignore", "pipe", "ignore", "ipc"] });
  t.after(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGTERM");
    await once(child, "exit");
  });
  assert.ok(child.stdout);
  const [firstLine] = (await once(createInterface(child.stdout), "line")) as [string];
  return { child, firstLine };
}

async function startPart(t: TestContext, folder: string, name: string, config: object): Promise<void> {
  const file = join(folder, `${name}.json`);
  writeFileSync(file, JSON.stringify(config));
  const { firstLine } = await startChild(t, import.meta.resolve("../../cli/lab-part-entry.ts"), [name, file]);
  assert.equal(firstLine, "ready");
}

function client(port: number): { get<T>(path: string): Promise<T>; post<T>(path: string, body: object): Promise<T> } {
  const ask = async <T>(path: string, init: RequestInit): Promise<T> => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { ...init, headers: { authorization: `Bearer ${token}` } });
    const text = await response.text();
    assert.equal(response.status, 200, text);
    return JSON.parse(text) as T;
  };
  return { get: (path) => ask(path, {}), post: (path, body) => ask(path, { method: "POST", body: JSON.stringify(body) }) };
}
