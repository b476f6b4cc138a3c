import type { ChildProcess } from "node:child_process";

import type { Clock, Random } from "../kernel/index.ts";
import { type ChildExit, type SupervisedChild, superviseChild } from "./child.ts";
import type { FromWorker, ToWorker, WorkerConfig } from "./messages.ts";

interface Worker {
  readonly child: SupervisedChild<ToWorker>;
  /** Since when it owes an answer to an update. */
  owesSinceMs: number | undefined;
}

/** A worker that has not taken an update for so long hangs and is killed. */
const UPDATE_LIMIT_MS = 60_000;
/** A worker that was told to close ends by itself in the time it was given; after so much more it is killed. */
const CLOSE_GRACE_MS = 2_000;

interface WorkerGroupDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly fork: () => ChildProcess;
  readonly config: () => WorkerConfig;
  readonly onStart: (id: string) => void;
  readonly onMessage: (id: string, message: FromWorker) => void;
  readonly onExit: (id: string, exit: ChildExit) => void;
}

/** The worker processes by their ids; each is started again when it dies, under the same id. */
export class WorkerGroup {
  readonly #deps: WorkerGroupDeps;
  readonly #workers = new Map<string, Worker>();

  constructor(deps: WorkerGroupDeps) {
    this.#deps = deps;
  }

  get children(): readonly (readonly [id: string, child: SupervisedChild<ToWorker>])[] {
    return [...this.#workers].map(([id, { child }]) => [id, child]);
  }

  start(id: string): void {
    const deps = this.#deps;
    const child = superviseChild<ToWorker, FromWorker>(
      {
        fork: deps.fork,
        config: deps.config,
        onStart: () => deps.onStart(id),
        onMessage: (message) => {
          if (message.type === "applied") this.#answered(id);
          deps.onMessage(id, message);
        },
        onExit: (exit) => {
          this.#answered(id);
          deps.onExit(id, exit);
        },
      },
      deps,
    );
    this.#workers.set(id, { child, owesSinceMs: undefined });
  }

  send(id: string, message: ToWorker): boolean {
    return this.#workers.get(id)?.child.send(message) ?? false;
  }

  /** Sends an update, which the worker must answer. */
  update(id: string, message: ToWorker): boolean {
    const worker = this.#workers.get(id);
    if (worker === undefined || !worker.child.send(message)) return false;
    worker.owesSinceMs = this.#deps.clock.monoMs();
    return true;
  }

  /** To all that can take it. */
  tell(message: ToWorker): void {
    for (const { child } of this.#workers.values()) child.send(message);
  }

  /** Kills those that hang; they are started again. Answers whom. */
  killHung(): readonly { readonly id: string; readonly pid: number }[] {
    const nowMs = this.#deps.clock.monoMs();
    const hung: { readonly id: string; readonly pid: number }[] = [];
    for (const [id, worker] of this.#workers) {
      const { pid } = worker.child;
      if (worker.owesSinceMs === undefined || nowMs - worker.owesSinceMs < UPDATE_LIMIT_MS || pid === undefined) continue;
      worker.owesSinceMs = undefined;
      process.kill(pid, "SIGKILL");
      hung.push({ id, pid });
    }
    return hung;
  }

  /** Ends all, in order: requests in flight may take `timeoutMs`. Resolves when they are gone. */
  async close(timeoutMs: number): Promise<void> {
    await Promise.all(
      [...this.#workers.values()].map(async ({ child }) => {
        const gone = child.stop();
        if (!child.send({ type: "close", timeoutMs })) return gone;
        const limit = this.#deps.clock.timer(timeoutMs + CLOSE_GRACE_MS, () => void child.stop("SIGKILL"));
        await gone;
        limit.cancel();
      }),
    );
  }

  /** Ends all at once. */
  async kill(): Promise<void> {
    await Promise.all([...this.#workers.values()].map(({ child }) => child.stop("SIGKILL")));
  }

  #answered(id: string): void {
    const worker = this.#workers.get(id);
    if (worker !== undefined) worker.owesSinceMs = undefined;
  }
}
