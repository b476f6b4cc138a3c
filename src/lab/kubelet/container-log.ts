import {
  appendFileSync,
  closeSync,
  copyFileSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readFileSync,
  readSync,
  statSync,
  truncateSync,
} from "node:fs";
import { join } from "node:path";
import { type Clock, sleep } from "../../kernel/index.ts";

// A container writes its log file itself, so that it does not depend on the kubelet's life. The kubelet looks at the file's
// size ten times a second and notes "from this byte on, this time" in `log.times`; that gives each line its time, to 100 ms.

/** Which part of a log is wanted; as in the API's `pods/log`. */
export interface LogQuery {
  readonly follow: boolean;
  readonly timestamps: boolean;
  readonly tailLines?: number;
  readonly sinceMs?: number;
  readonly limitBytes?: number;
}

/** Notes the times at which a container's log grew. */
export class LogClock {
  readonly #dir: string;
  readonly #fd: number;
  readonly #maxBytes: number;
  #size: number;

  /** `dir` is the folder of a container's attempt; its log must exist. */
  constructor(dir: string, maxBytes: number) {
    this.#dir = dir;
    this.#maxBytes = maxBytes;
    this.#fd = openSync(join(dir, "log"), "r+");
    this.#size = lastKnownSize(dir);
  }

  /** Looks once; cheap. Cuts the log off when it is too long (the older part is kept once, as `log.1`). */
  look(nowMs: number): void {
    const { size } = fstatSync(this.#fd);
    if (size > this.#size) appendFileSync(join(this.#dir, "log.times"), `${this.#size} ${nowMs} ${size}\n`);
    this.#size = size;
    if (size <= this.#maxBytes) return;
    copyFileSync(join(this.#dir, "log"), join(this.#dir, "log.1"));
    // The container appends (O_APPEND), so it goes on at the start.
    ftruncateSync(this.#fd, 0);
    truncateSync(join(this.#dir, "log.times"), 0);
    this.#size = 0;
  }

  close(): void {
    closeSync(this.#fd);
  }
}

/**
 * The wanted lines of the log in `dir`, each with its line end. Following ends when `isOver` says that the container has ended and
 * all was given, or when `signal` aborts.
 */
export async function* readLog(
  dir: string,
  query: LogQuery,
  deps: { clock: Clock; signal: AbortSignal; isOver: () => boolean },
): AsyncGenerator<string> {
  const file = join(dir, "log");
  let leftBytes = query.limitBytes ?? Number.POSITIVE_INFINITY;
  let offset = 0;
  let first = true;
  for (;;) {
    const over = deps.isOver();
    const size = sizeOf(file);
    if (size < offset) offset = 0;
    if (size > offset || first) {
      const bytes = readRange(file, offset, size);
      // An unfinished line waits for its rest, unless nothing more will come.
      const end = query.follow && !over ? bytes.lastIndexOf(10) + 1 : bytes.length;
      const lines = splitLines(bytes.subarray(0, end), offset, readTimes(dir));
      offset += end;
      for (const line of first ? select(lines, query) : lines) {
        const text = query.timestamps ? `${new Date(line.atMs).toISOString()} ${line.text}` : line.text;
        if (leftBytes <= 0) return;
        yield text.slice(0, leftBytes);
        leftBytes -= text.length;
      }
      first = false;
    }
    if (!query.follow || over || deps.signal.aborted) return;
    await sleep(deps.clock, 100, deps.signal);
  }
}

interface Line {
  readonly text: string;
  readonly atMs: number;
}

function select(lines: readonly Line[], query: LogQuery): readonly Line[] {
  const { sinceMs, tailLines } = query;
  const recent = sinceMs === undefined ? lines : lines.filter((line) => line.atMs >= sinceMs);
  return tailLines === undefined ? recent : tailLines === 0 ? [] : recent.slice(-tailLines);
}

function splitLines(bytes: Buffer, offset: number, times: readonly (readonly [number, number])[]): Line[] {
  const lines: Line[] = [];
  let at = 0;
  let mark = 0;
  while (at < bytes.length) {
    const newline = bytes.indexOf(10, at);
    const end = newline < 0 ? bytes.length : newline + 1;
    while (mark + 1 < times.length && (times[mark + 1]?.[0] ?? Infinity) <= offset + at) mark += 1;
    lines.push({ text: bytes.toString("utf8", at, end), atMs: times[mark]?.[1] ?? 0 });
    at = end;
  }
  return lines;
}

function readRange(file: string, from: number, to: number): Buffer {
  const bytes = Buffer.alloc(Math.max(0, to - from));
  if (bytes.length === 0) return bytes;
  const fd = openSync(file, "r");
  try {
    return bytes.subarray(0, readSync(fd, bytes, 0, bytes.length, from));
  } finally {
    closeSync(fd);
  }
}

function readTimes(dir: string): readonly (readonly [number, number])[] {
  return timesText(dir)
    .split("\n")
    .slice(0, -1)
    .map((line) => {
      const [offset, atMs] = line.split(" ").map(Number);
      return [offset ?? 0, atMs ?? 0] as const;
    });
}

function lastKnownSize(dir: string): number {
  const last = timesText(dir).split("\n").at(-2);
  return Number(last?.split(" ")[2] ?? 0);
}

function timesText(dir: string): string {
  try {
    return readFileSync(join(dir, "log.times"), "utf8");
  } catch {
    return "";
  }
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
