import type { Log } from "../telemetry/index.ts";
import { type LogRecord, isMessage } from "./messages.ts";

/** A child's way to its supervisor. */
export interface Channel<In, Out> {
  send(message: Out): void;
  onMessage(take: (message: In) => void): void;
  /** Once, when the supervisor is gone. */
  onParentGone(then: () => void): void;
  /** Lets go of the supervisor, so that the process can end. */
  close(): void;
}

/** The IPC channel this process was forked with. */
export function parentChannel<In extends { readonly type: string }, Out extends { readonly type: string }>(): Channel<In, Out> {
  return {
    send(message) {
      if (process.connected) process.send?.(message, undefined, {}, () => {});
    },
    onMessage(take) {
      process.on("message", (message: unknown) => {
        if (isMessage(message)) take(message as In);
      });
    },
    onParentGone(then) {
      process.once("disconnect", then);
    },
    close() {
      if (process.connected) process.disconnect?.();
    },
  };
}

/**
 * The first message of a process that was forked, which is what it is to do; undefined when its supervisor went away before it said so.
 * Those that follow it wait until somebody listens (Node keeps messages that nobody takes). The sender is our own supervisor, of the
 * same version: its form is a matter of types.
 */
export function nextMessage<Config>(): Promise<Config | undefined> {
  return new Promise((resolve) => {
    if (!process.connected) return resolve(undefined);
    const gone = (): void => resolve(undefined);
    process.once("disconnect", gone);
    process.once("message", (message: unknown) => {
      process.off("disconnect", gone);
      resolve(message as Config);
    });
  });
}

/** A log whose lines the supervisor writes: one writer, and no logging library in a worker's start. */
export function relayedLog(send: (record: LogRecord) => void, fields: object = {}): Log {
  const line = (level: LogRecord["level"]) => (more: object, message: string) =>
    send({ type: "log", level, fields: { ...fields, ...more }, message });
  return {
    debug: line("debug"),
    info: line("info"),
    warn: line("warn"),
    error: line("error"),
    child: (more) => relayedLog(send, { ...fields, ...more }),
  };
}
