import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { isRunning, sessionMembers, statFields, systemClock } from "../../kernel/index.ts";
import { adoptContainer, startContainer } from "./container-process.ts";

const root = mkdtempSync(join(tmpdir(), "holdfast-container-"));
after(() => rmSync(root, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 }));
let attempt = 0;

function run(script: string, dir = join(root, `${++attempt}`)): ReturnType<typeof startContainer> {
  const env = { PATH: "/usr/bin:/bin", GREETING: "hello" };
  return startContainer(dir, { argv: ["/bin/sh", "-c", script], env, workingDir: root }, systemClock);
}

/** Resolves when the log of attempt `number` holds `text`; the test's own timeout bounds it. */
async function logged(number: number, text: string): Promise<string> {
  for (;;) {
    const log = readFileSync(join(root, `${number}`, "log"), "utf8");
    if (log.includes(text)) return log;
    await wait(10);
  }
}

test("a container's output and exit code are kept", async () => {
  const container = await run("echo $GREETING; echo oops >&2; exit 3");
  const exit = await container.exited;
  assert.equal(exit.exitCode, 3);
  assert.equal(exit.known, true);
  assert.equal(readFileSync(join(root, `${attempt}`, "log"), "utf8"), "hello\noops\n");
});

test("a signal reaches the main process, and its end by a signal is 128 + number", { timeout: 10_000 }, async () => {
  const graceful = await run("trap 'echo bye; exit 7' TERM; echo up; while :; do sleep 0.05; done");
  await logged(attempt, "up");
  graceful.signal("SIGTERM");
  assert.equal((await graceful.exited).exitCode, 7);
  const killed = await run("exec sleep 60");
  killed.kill();
  assert.deepEqual(await killed.exited.then(({ exitCode, known }) => ({ exitCode, known })), { exitCode: 137, known: true });
});

test("what the main process leaves behind is killed with the container", { timeout: 10_000 }, async () => {
  const container = await run("sleep 60 & echo left $!; exit 0");
  await container.exited;
  const left = Number(/left (\d+)/.exec(readFileSync(join(root, `${attempt}`, "log"), "utf8"))?.[1]);
  assert.ok(left > 1);
  while (isRunning({ pid: left, startTime: "" })) await wait(10);
});

test("another kubelet adopts a running container and sees its exit code", { timeout: 10_000 }, async () => {
  const first = await run("trap 'exit 5' TERM; echo up; while :; do sleep 0.05; done");
  const dir = join(root, `${attempt}`);
  await logged(attempt, "up");
  first.detach();
  const second = adoptContainer(dir, systemClock);
  assert.ok(second);
  assert.equal(second.pid, first.pid);
  second.signal("SIGTERM");
  assert.equal((await second.exited).exitCode, 5);
  const third = adoptContainer(dir, systemClock);
  assert.equal((await third?.exited)?.exitCode, 5, "one that ended while no kubelet was there still tells its exit code");
});

test("a folder in which nothing was started holds no container", () => {
  assert.equal(adoptContainer(join(root, "nothing"), systemClock), undefined);
});

test("a program that does not exist is an exit with code 127 and a line in the log", async () => {
  const dir = join(root, `${++attempt}`);
  const command = { argv: ["/nonexistent/program"], env: { PATH: "/bin" }, workingDir: root };
  const container = await startContainer(dir, command, systemClock);
  assert.equal((await container.exited).exitCode, 127);
  assert.match(readFileSync(join(dir, "log"), "utf8"), /not found/);
});

test("a container that cannot be started at all is one error with the folder in it", async () => {
  const command = { argv: ["true"], env: {}, workingDir: join(root, "missing") };
  await assert.rejects(startContainer(join(root, "refused"), command, systemClock), { code: "KUBELET_START_FAILED", message: /refused/ });
});

test("a process is not taken for another with the same id", () => {
  assert.equal(isRunning({ pid: process.pid, startTime: "1" }), false);
  assert.deepEqual(sessionMembers(process.pid, "HOLDFAST_CONTAINER_DIR=/nowhere"), []);
  assert.equal(statFields("12 (a) b) c) S 1 12 12")[0], "S");
});
