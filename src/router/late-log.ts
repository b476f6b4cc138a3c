import type { Log } from "../telemetry/index.ts";

/** A log that can be used before the real one is made: it keeps the lines until `open` and writes them then. */
export interface LateLog extends Log {
  open(log: Log): void;
}

/** Keeps every line until opened; what is logged before that is a start's few lines. */
export function createLateLog(): LateLog {
  let log: Log | undefined;
  const kept: ((to: Log) => void)[] = [];
  const write = (line: (to: Log) => void): void => {
    if (log === undefined) kept.push(line);
    else line(log);
  };
  const late: LateLog = {
    debug: (fields, message) => write((to) => to.debug(fields, message)),
    info: (fields, message) => write((to) => to.info(fields, message)),
    warn: (fields, message) => write((to) => to.warn(fields, message)),
    error: (fields, message) => write((to) => to.error(fields, message)),
    child: (fields) => {
      const merge = (more: object): object => ({ ...fields, ...more });
      const sub: Log = {
        debug: (more, message) => late.debug(merge(more), message),
        info: (more, message) => late.info(merge(more), message),
        warn: (more, message) => late.warn(merge(more), message),
        error: (more, message) => late.error(merge(more), message),
        child: (more) => late.child({ ...fields, ...more }),
      };
      return sub;
    },
    open(real) {
      log = real;
      for (const line of kept.splice(0)) line(real);
    },
  };
  return late;
}
