import { spawn } from "node:child_process";
import { constants, homedir } from "node:os";
import { findExecutable } from "../document/executables.ts";
import { type Json, type JsonObject, isList, isObject, written } from "../document/json.ts";
import { type Values, pythonText, substituteArguments } from "../values/substitute.ts";
import { ActivityFailed } from "./activity-failed.ts";

/** Of each of its outputs so much is kept; the rest is read and dropped. */
const OUTPUT_LIMIT_BYTES = 16 * 1024 * 1024;

/**
 * Runs a program; a status other than 0 is an answer, not a failure (chaostoolkit-lib, `run_process_activity`). Arguments that are one text go
 * through a shell. Rejects with {@link ActivityFailed} after `timeout` seconds and when `signal` takes it away; then its whole process group ends.
 */
export async function runProcess(
  provider: JsonObject,
  values: Values,
  environment: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
): Promise<Json> {
  const path = written(provider["path"]);
  const command = findExecutable(path.replace(/^~(?=\/|$)/, homedir()), environment["PATH"]) ?? path;
  const args = substituteArguments(provider["arguments"] ?? null, values);
  const child =
    typeof args === "string"
      ? spawn("/bin/sh", ["-c", `${command} ${args}`], { stdio: ["inherit", "pipe", "pipe"], env: { ...environment }, detached: true })
      : spawn(command, listed(args), { stdio: ["inherit", "pipe", "pipe"], env: { ...environment }, detached: true });
  const stdout = collect(child.stdout);
  const stderr = collect(child.stderr);
  const { timeout } = provider;
  return new Promise((resolve, reject) => {
    const giveUp = (why: string): void => {
      if (child.pid !== undefined) endGroup(child.pid);
      child.stdout.destroy();
      child.stderr.destroy();
      reject(new ActivityFailed(why));
    };
    const interrupted = (): void => giveUp("interrupted");
    const timer =
      typeof timeout === "number" ? setTimeout(() => giveUp("process activity took too long to complete"), timeout * 1000) : undefined;
    signal.addEventListener("abort", interrupted, { once: true });
    const over = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", interrupted);
    };
    child.once("error", (error) => {
      over();
      reject(new ActivityFailed(`${command} cannot be run: ${error.message}`));
    });
    child.once("close", (code, ended) => {
      over();
      resolve({ status: code ?? -signalNumber(ended), stdout: stdout(), stderr: stderr() });
    });
  });
}

function listed(args: Json): readonly string[] {
  const flat = isObject(args) ? Object.entries(args).flatMap(([name, value]) => [name, value ?? null]) : isList(args) ? args : [];
  return flat.filter((one) => one !== null && one !== "").map(pythonText);
}

function collect(stream: NodeJS.ReadableStream): () => string {
  const chunks: Buffer[] = [];
  let size = 0;
  stream.on("data", (chunk: Buffer) => {
    if (size < OUTPUT_LIMIT_BYTES) chunks.push(chunk);
    size += chunk.length;
  });
  return () => Buffer.concat(chunks).toString("utf8").slice(0, OUTPUT_LIMIT_BYTES);
}

function endGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It ended meanwhile.
  }
}

/** Python's returncode of a process that a signal ended is the signal's number below zero. */
function signalNumber(name: NodeJS.Signals | null): number {
  return name === null ? 0 : constants.signals[name];
}
