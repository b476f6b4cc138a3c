import type { ChildProcess } from "node:child_process";

import type { Clock, Random, Timer } from "../kernel/index.ts";
import { isMessage } from "./messages.ts";

/** A child process that is started again whenever it dies: at once the first time, then with growing, jittered pauses. */
export interface SupervisedChild<Down> {
  readonly pid: number | undefined;
  /** How often it was started again. */
  readonly restarts: number;
  /** Milliseconds until the next start while it is down, otherwise undefined. */
  readonly restartInMs: number | undefined;
  /** False when there is no process to take it. A message sent is not a message read. */
  send(message: Down): boolean;
  /** Never starts it again and resolves when the process is gone; `signal`, when given, is sent to it now. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

/** How a child ended. */
export interface ChildExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly uptimeMs: number;
}

interface ChildSpec<Up> {
  /** Starts the process, or gives one that was started already and waits for its first message. */
  readonly fork: () => ChildProcess;
  /** The first message to the child; asked for anew at each start. */
  readonly config: () => object;
  readonly onMessage: (message: Up) => void;
  readonly onExit: (exit: ChildExit) => void;
  readonly onStart: () => void;
}

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;
/** A child that ran this long is well again: its next death is a first one. */
const WELL_AFTER_MS = 10_000;

/** Starts a child now and keeps it running until `stop`. */
export function superviseChild<Down extends { readonly type: string }, Up extends { readonly type: string }>(
  spec: ChildSpec<Up>,
  deps: { readonly clock: Clock; readonly random: Random },
): SupervisedChild<Down> {
  const { clock, random } = deps;
  let running: ChildProcess | undefined;
  let startedAtMs = 0;
  let quickDeaths = 0;
  let restarts = 0;
  let restartAtMs: number | undefined;
  let restartTimer: Timer | undefined;
  let keepAlive: NodeJS.Timeout | undefined;
  let isStopped = false;
  let whenGone: (() => void)[] = [];

  const start = (): void => {
    restartAtMs = undefined;
    clearTimeout(keepAlive);
    startedAtMs = clock.monoMs();
    const child = spec.fork();
    running = child;
    let isGone = false;
    const gone = (code: number | null, signal: NodeJS.Signals | null): void => {
      if (isGone) return;
      isGone = true;
      running = undefined;
      const uptimeMs = clock.monoMs() - startedAtMs;
      quickDeaths = uptimeMs >= WELL_AFTER_MS ? 1 : quickDeaths + 1;
      spec.onExit({ code, signal, uptimeMs });
      if (isStopped) {
        for (const resolve of whenGone) resolve();
        whenGone = [];
        return;
      }
      const pauseMs =
        quickDeaths === 1 ? 0 : Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (quickDeaths - 2)) * (0.5 + random.next() / 2);
      restarts++;
      restartAtMs = clock.monoMs() + pauseMs;
      restartTimer = clock.timer(pauseMs, start);
      // The clock's timers do not hold the process open; with every child down nothing else might.
      keepAlive = setTimeout(() => {}, pauseMs + 1_000);
    };
    child.on("message", (message: unknown) => {
      if (isMessage(message)) spec.onMessage(message as Up);
    });
    child.on("error", () => {
      // Could not be started (then there is no exit event), or a message to a dying child got lost (the exit event follows).
      if (child.pid === undefined) gone(null, null);
    });
    child.on("exit", (code, signal) => {
      // Its last messages may still be in the pipe; the channel ends after them, and the kernel has closed the other side.
      if (child.connected) child.once("disconnect", () => gone(code, signal));
      else gone(code, signal);
    });
    if (child.connected) child.send(spec.config(), () => {});
    spec.onStart();
  };
  start();

  return {
    get pid() {
      return running?.pid;
    },
    get restarts() {
      return restarts;
    },
    get restartInMs() {
      return restartAtMs === undefined ? undefined : Math.max(0, restartAtMs - clock.monoMs());
    },
    send(message) {
      if (running?.connected !== true) return false;
      // The callback takes the error of a pipe that broke meanwhile; the exit event tells the rest.
      running.send(message, () => {});
      return true;
    },
    stop(signal) {
      isStopped = true;
      restartTimer?.cancel();
      clearTimeout(keepAlive);
      restartAtMs = undefined;
      const child = running;
      if (child === undefined) return Promise.resolve();
      return new Promise((resolve) => {
        whenGone.push(resolve);
        if (signal !== undefined) child.kill(signal);
      });
    },
  };
}

/** How a child process stands. */
export interface ChildView {
  readonly pid: number | undefined;
  readonly restarts: number;
  /** Milliseconds until it is started again, while it is down. */
  readonly restartInMs: number | undefined;
}

export function viewOfChild(child: SupervisedChild<never> | undefined): ChildView {
  return { pid: child?.pid, restarts: child?.restarts ?? 0, restartInMs: child?.restartInMs };
}
