import { type ChildProcess, fork } from "node:child_process";

/**
 * What a worker allocates is dead by the end of its request: a young generation that fits into the processor's cache, collected by the
 * thread that fills it, takes about a fifth off the CPU of a request (measured beside HAProxy: 1.72 to 1.40 times its cost).
 * It grows where much of it lives on, as streams of HTTP/2 do, which die in the old one else (measured: their requests cost 0.65 to 0.81 times
 * the CPU with 16 MiB; those of HTTP/1.1 the same).
 */
const WORKER_NODE_FLAGS: readonly string[] = ["--single-threaded-gc", "--min-semi-space-size=4", "--max-semi-space-size=16"];

/** How the processes of a router are started. */
export interface RouterProcesses {
  readonly worker: () => ChildProcess;
  readonly control: () => ChildProcess;
}

/**
 * A worker that loads its code and waits to be told what to do. It is started before the command line is read: a new process takes
 * longer than all the supervisor does before it knows what to tell it. Whoever takes it does so by {@link routerProcesses}.
 */
export function forkWorker(): ChildProcess {
  const child = forkEntry(new URL("./router-worker.ts", import.meta.url), WORKER_NODE_FLAGS);
  // What becomes of it is looked at when it is taken.
  child.on("error", () => {});
  return child;
}

/** `waiting` becomes the first worker, if it still lives by then. */
export function routerProcesses(waiting: ChildProcess | undefined): RouterProcesses {
  let first = waiting;
  return {
    worker() {
      const child = first;
      first = undefined;
      return child?.connected === true ? child : forkWorker();
    },
    control: () => forkEntry(new URL("./router-control.ts", import.meta.url), []),
  };
}

function forkEntry(entry: URL, execArgv: readonly string[]): ChildProcess {
  // Structured clone, not JSON: a generation is one long string, which it copies instead of escaping it.
  return fork(entry, [], { execArgv: [...execArgv], serialization: "advanced", stdio: ["ignore", "inherit", "inherit", "ipc"] });
}
