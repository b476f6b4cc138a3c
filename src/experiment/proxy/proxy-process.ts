import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFileSync, rmSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { type Clock, type ProcessIdentity, isRecord, isRunning, signalProcess, sleep } from "../../kernel/index.ts";
import type { EntryOrder } from "../fault-proxy/fault-proxy-entry.ts";
import { ActivityFailed } from "../provider/activity-failed.ts";
import type { ProxyApi } from "./proxy-api.ts";

const START_MS = 20_000;
const END_MS = 3_000;

export interface ProxyOrder {
  readonly from: string | null;
  readonly seed: number;
  readonly identityFile: string;
}

/** Starts a fault proxy in a process of its own, which ends when this one does. Rejects with {@link ActivityFailed}. */
export async function startProxyProcess(order: ProxyOrder, clock: Clock): Promise<ProxyApi> {
  const token = randomBytes(24).toString("base64url");
  const entry = fileURLToPath(new URL("../fault-proxy/fault-proxy-entry.ts", import.meta.url));
  const child = spawn(process.execPath, [...process.execArgv, entry], { stdio: ["pipe", "pipe", "inherit"] });
  // The run may end before it: its input is what keeps it, not it us.
  child.unref();
  child.stdin.on("error", () => {});
  child.stdin.write(`${JSON.stringify({ ...order, token } satisfies EntryOrder)}\n`);
  const line = await firstLine(child, clock);
  for (const stream of [child.stdin, child.stdout]) (stream as { unref?: () => void }).unref?.();
  const said: unknown = JSON.parse(line);
  if (!isRecord(said) || typeof said["control"] !== "string")
    throw new ActivityFailed(`the fault proxy did not start: ${isRecord(said) ? String(said["problem"]) : line}`);
  return { control: said["control"], token };
}

/** Ends the one that wrote this file; nothing if there is none, or it is gone. Rejects with {@link ActivityFailed} when it stays. */
export async function endProxyProcess(identityFile: string, clock: Clock, signal: AbortSignal): Promise<void> {
  const identity = identityIn(identityFile);
  if (identity !== undefined) {
    signalProcess(identity.pid, isRunning(identity) ? "SIGTERM" : 0);
    const endMs = clock.monoMs() + END_MS;
    while (isRunning(identity) && clock.monoMs() < endMs && !signal.aborted) await sleep(clock, 20, signal);
    if (isRunning(identity)) signalProcess(identity.pid, "SIGKILL");
  }
  rmSync(identityFile, { force: true });
}

function identityIn(file: string): ProcessIdentity | undefined {
  try {
    const told: unknown = JSON.parse(readFileSync(file, "utf8"));
    if (!isRecord(told) || typeof told["pid"] !== "number" || typeof told["startTime"] !== "string") return undefined;
    return { pid: told["pid"], startTime: told["startTime"] };
  } catch {
    return undefined;
  }
}

function firstLine(child: ChildProcess, clock: Clock): Promise<string> {
  return new Promise((resolve, reject) => {
    const late = clock.timer(START_MS, () => reject(new ActivityFailed(`the fault proxy did not start within ${START_MS / 1000} s`)));
    const failed = (why: string): void => {
      late.cancel();
      reject(new ActivityFailed(`the fault proxy did not start: ${why}`));
    };
    child.once("error", (error) => failed(error.message));
    child.once("exit", (code, by) => failed(`it ended with ${by ?? code}`));
    if (child.stdout !== null)
      createInterface({ input: child.stdout }).once("line", (line) => {
        late.cancel();
        resolve(line);
      });
  });
}
