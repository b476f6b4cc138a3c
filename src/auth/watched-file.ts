import { closeSync, constants, fstatSync, openSync, readSync, statSync } from "node:fs";
import { type Clock, messageOf } from "../kernel/index.ts";
import type { Log } from "../telemetry/index.ts";
import { authLimits } from "./settings.ts";

/** What a file says, read again when it changes. What cannot be read or understood leaves what was there before, and is told once. */
export class WatchedFile<Content> {
  readonly #name: string;
  readonly #find: () => string;
  readonly #read: (text: string) => Content;
  readonly #deps: { readonly clock: Clock; readonly log: Log };
  #content: Content | undefined;
  #lookedMs = -Infinity;
  #stamp = "";
  #told = "";

  /** Reads nothing yet. `find` answers where it is, or throws why it may not be read; `read` throws what is wrong with a text. */
  constructor(name: string, find: () => string, read: (text: string) => Content, deps: { readonly clock: Clock; readonly log: Log }) {
    this.#name = name;
    this.#find = find;
    this.#read = read;
    this.#deps = deps;
  }

  /** Undefined when it never could be read. Looks at the file at most every two seconds; a look costs one `stat`. */
  get content(): Content | undefined {
    const nowMs = this.#deps.clock.monoMs();
    if (nowMs - this.#lookedMs >= authLimits.fileLookMs) {
      this.#lookedMs = nowMs;
      this.#look();
    }
    return this.#content;
  }

  #look(): void {
    try {
      const path = this.#find();
      // Of the target: a mounted Secret is changed by turning a link to another folder.
      const { dev, ino, size, mtimeMs, ctimeMs } = statSync(path);
      const stamp = `${path} ${dev} ${ino} ${size} ${mtimeMs} ${ctimeMs}`;
      if (stamp === this.#stamp) return;
      this.#content = this.#read(readWhole(path));
      this.#stamp = stamp;
      if (this.#told !== "") this.#deps.log.info({ file: this.#name }, "a file of secrets can be used again");
      this.#told = "";
    } catch (thrown) {
      const reason = messageOf(thrown);
      if (reason === this.#told) return;
      this.#told = reason;
      const kept = this.#content === undefined ? "what needs it is refused" : "what it said before stays in use";
      this.#deps.log.warn({ file: this.#name, reason, kept }, "a file of secrets can not be used");
    }
  }
}

/** Never waits for a pipe or device that a route names. */
function readWhole(path: string): string {
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stat = fstatSync(file);
    if (!stat.isFile()) throw new Error("it is no file");
    const bytes = Buffer.alloc(authLimits.fileBytes + 1);
    let length = 0;
    for (;;) {
      const read = readSync(file, bytes, length, bytes.length - length, null);
      length += read;
      if (length > authLimits.fileBytes) throw new Error(`it has more than ${authLimits.fileBytes} bytes`);
      if (read === 0) return bytes.toString("utf8", 0, length);
    }
  } finally {
    closeSync(file);
  }
}
