import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { AppError } from "../../kernel/index.ts";
import type { Json, JsonObject } from "../document/json.ts";
import { ActivityFailed } from "./activity-failed.ts";

const WORKER = join(import.meta.dirname, "python-worker.py");

/** A Python that runs functions for us; it is started when it is first needed. */
export interface PythonWorker {
  /** Rejects with {@link ActivityFailed} for what the function raises, or when it is taken away by `signal`. */
  ask(request: JsonObject, signal?: AbortSignal): Promise<Json>;
  close(): void;
}

interface Waiting {
  readonly resolve: (value: Json) => void;
  readonly reject: (error: Error) => void;
}

export function createPythonWorker(python: string, environment: Readonly<Record<string, string | undefined>>): PythonWorker {
  let process: ChildProcess | undefined;
  const waiting = new Map<number, Waiting>();
  let next = 0;

  function started(): ChildProcess {
    if (process !== undefined) return process;
    // What functions print goes where ours goes for people: standard error.
    const child = spawn(python, ["-u", WORKER], { stdio: ["ignore", 2, 2, "pipe", "pipe"], env: { ...environment } });
    process = child;
    createInterface({ input: child.stdio[4] as Readable }).on("line", (line) => settle(JSON.parse(line) as JsonObject));
    const ended = (why: string): void => {
      if (process === child) process = undefined;
      for (const [id, { reject }] of waiting) {
        waiting.delete(id);
        reject(new AppError("EXPERIMENT_PYTHON_ENDED", `${python} ${why}`));
      }
    };
    child.once("error", (error) => ended(`cannot be run: ${error.message}`));
    child.once("exit", (code, signal) => ended(`ended with ${signal ?? code ?? "nothing"} before it answered`));
    (child.stdio[3] as Writable).on("error", () => {});
    return child;
  }

  function settle(answer: JsonObject): void {
    const id = Number(answer["id"]);
    const one = waiting.get(id);
    waiting.delete(id);
    if (typeof answer["error"] !== "string") return one?.resolve(answer["value"] ?? null);
    const traceback = answer["traceback"];
    one?.reject(new ActivityFailed(answer["error"], Array.isArray(traceback) ? traceback.map(String) : [], answer["interrupts"] === true));
  }

  function end(): void {
    process?.kill("SIGKILL");
    process = undefined;
  }

  return {
    ask(request, signal) {
      const id = next++;
      const { stdio } = started();
      return new Promise((resolve, reject) => {
        waiting.set(id, { resolve, reject });
        // A function that runs cannot be called back: its process ends, and the next call begins another.
        signal?.addEventListener("abort", end, { once: true });
        (stdio[3] as Writable).write(`${JSON.stringify({ ...request, id })}\n`);
      });
    },
    close: end,
  };
}
