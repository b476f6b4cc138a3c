import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { isRunning, systemClock } from "../../kernel/index.ts";
import { until } from "../../kernel/testing/until.ts";
import { startContainer } from "./container-process.ts";
import { startGuard } from "./guard.ts";

const root = mkdtempSync(join(tmpdir(), "holdfast-guard-"));
after(() => rmSync(root, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 }));
const SECONDS = { look: 0.1, grace: 0.1 };

test("when the kubelet's parent is gone and nobody took over, the guard kills the containers and goes", { timeout: 20_000 }, async () => {
  const dir = join(root, "pods/uid/containers/main/1");
  const container = await startContainer(dir, { argv: ["sleep", "60"], env: { PATH: "/usr/bin:/bin" }, workingDir: root }, systemClock);
  const parent = spawn("sleep", ["60"]);
  const guard = startGuard(root, parent.pid ?? 0, SECONDS);
  assert.equal(isRunning({ pid: container.pid, startTime: "" }), true);
  parent.kill("SIGKILL");
  await once(parent, "exit");
  assert.equal((await container.exited).exitCode, 137);
  await until("the guard's end", () => !existsSync(join(root, "guard")));
  guard.dismiss();
});

test("a guard that was relieved kills nothing", { timeout: 20_000 }, async () => {
  const dir = join(root, "pods/uid/containers/main/2");
  const container = await startContainer(dir, { argv: ["sleep", "60"], env: { PATH: "/usr/bin:/bin" }, workingDir: root }, systemClock);
  const parent = spawn("sleep", ["60"]);
  startGuard(root, parent.pid ?? 0, SECONDS);
  const second = startGuard(root, process.pid, SECONDS);
  parent.kill("SIGKILL");
  await once(parent, "exit");
  await until("many looks", async () => {
    const pause = spawn("sleep", ["0.6"]);
    await once(pause, "exit");
    return true;
  });
  assert.equal(isRunning({ pid: container.pid, startTime: "" }), true);
  container.kill();
  await container.exited;
  second.dismiss();
});
