import assert from "node:assert/strict";
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { TestContext } from "node:test";

/** A folder that goes with its test. */
export function testFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-lab-aws-"));
  t.after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 }));
  return folder;
}

/** Starts a part of the lab and waits until it serves; it ends with its test. */
export async function startPart(t: TestContext, folder: string, name: string, config: object): Promise<ChildProcess> {
  const file = join(folder, `${name}-part.json`);
  writeFileSync(file, JSON.stringify(config));
  const child = fork(new URL("../../../cli/lab-part-entry.ts", import.meta.url), [name, file], {
    stdio: ["ignore", "pipe", "ignore", "ipc"],
  });
  t.after(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGKILL");
    await once(child, "exit");
  });
  assert.ok(child.stdout);
  const [line] = (await once(createInterface(child.stdout), "line")) as [string];
  assert.equal(line, "ready");
  return child;
}

/** Ends a part as a machine's end does. */
export async function killPart(child: ChildProcess): Promise<void> {
  const exit = once(child, "exit");
  child.kill("SIGKILL");
  await exit;
}

export type ControlClient = (method: string, path: string, body?: object) => Promise<{ readonly status: number; readonly body: unknown }>;

/** Asks the control API of a part. */
export function controlClient(port: number, token: string): ControlClient {
  return async (method, path, body) => {
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { method, headers: { authorization: `Bearer ${token}` }, ...sent });
    return { status: response.status, body: await response.json() };
  };
}
