import { createRequire } from "node:module";

/**
 * The control path's log: one JSON object a line. Messages are constant text, what varies goes into `fields`
 * (so that logs can be searched by message). The request path does not use it; it has the access log.
 */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  /** The same log with `fields` on every line. */
  child(fields: Readonly<Record<string, unknown>>): Log;
}

export type LogLevel = "debug" | "info" | "warn" | "error" | "silent";

/** Lines kept while standard error can not be written, as on a full disk; the newest of more are lost. */
const KEPT_BYTES = 65_536;

/**
 * A log to standard error, written synchronously so that the last line before a crash is there. Lines that can not be written are tried again
 * with the next one.
 */
export function createLog(options: { readonly level: LogLevel; readonly name: string }): Log {
  // Loaded when a log is made: a router's workers make none, and it would be a third of what they load before they serve.
  const { pino } = createRequire(import.meta.url)("pino") as typeof import("pino");
  const destination = pino.destination({ fd: 2, sync: true, maxLength: KEPT_BYTES });
  // Without this a full disk would end the process whose log it was to take.
  destination.on("error", () => {});
  return pino({ level: options.level, name: options.name, base: { name: options.name, pid: process.pid } }, destination);
}

/** A log that goes nowhere. */
export const silentLog: Log = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => silentLog,
};
