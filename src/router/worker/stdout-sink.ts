import { write } from "node:fs";

import type { AccessLogSink } from "../../proxy/index.ts";

const WAITING_LIMIT_BYTES = 1_048_576;

/**
 * Writes access log lines to standard output without ever waiting for who reads it: process.stdout writes to a pipe synchronously, and
 * a reader that stops would stop the proxy. A write that fails is lost.
 */
export function createStdoutSink(): AccessLogSink {
  let waiting: Buffer[] = [];
  let waitingBytes = 0;
  let isWriting = false;
  let ready: (() => void) | undefined;

  const next = (): void => {
    if (waiting.length === 0) return;
    const bytes = Buffer.concat(waiting);
    waiting = [];
    waitingBytes = 0;
    isWriting = true;
    writeAll(bytes, () => {
      isWriting = false;
      const tell = ready;
      ready = undefined;
      tell?.();
      next();
    });
  };

  return {
    write(lines, whenReady) {
      const bytes = Buffer.from(lines, "utf8");
      waiting.push(bytes);
      waitingBytes += bytes.length;
      if (!isWriting) next();
      if (waitingBytes < WAITING_LIMIT_BYTES) return true;
      ready = whenReady;
      return false;
    },
  };
}

function writeAll(bytes: Buffer, done: () => void): void {
  write(1, bytes, (error, written) => {
    if (error?.code === "EAGAIN") setTimeout(() => writeAll(bytes, done), 10);
    else if (error !== null || written >= bytes.length) done();
    else writeAll(bytes.subarray(written), done);
  });
}
