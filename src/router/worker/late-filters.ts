import type { LateCode } from "../../auth/index.ts";
import { messageOf } from "../../kernel/index.ts";
import type { Log } from "../../telemetry/index.ts";

/** Characters that are looked through at once. */
const PIECE = 262_144;
/** What begins in one piece may end in the next: longer than any name. */
const OVERLAP = 64;

/** Code that no route was seen to need yet. */
interface Unread {
  /** A call in the JSON of a route. */
  readonly call: RegExp;
  readonly parts: readonly (() => void)[];
}

/**
 * Looks through what comes of routes for filters whose code is read late, a piece at a time between requests, and reads it, in parts, when
 * there is one: the first request that needs it would wait for all of it, and others with it.
 */
export class LateFilters {
  readonly #log: Log;
  #unread: readonly Unread[];
  #toRead: (() => void)[] = [];
  #texts: string[] = [];
  #at = 0;
  #hasStarted = false;
  #isAtWork = false;

  constructor(code: readonly LateCode[], log: Log) {
    this.#unread = code.map(({ names, parts }) => ({ call: new RegExp(`\\["(?:${names.join("|")})`), parts }));
    this.#log = log;
  }

  /** Routes in this text are served from now on. */
  see(text: string): void {
    if (this.#unread.length > 0) this.#texts.push(text);
    this.#goOn();
  }

  /** What was seen so far waited for this: whatever is more urgent is done. */
  start(): void {
    this.#hasStarted = true;
    this.#goOn();
  }

  #goOn(): void {
    if (!this.#hasStarted || this.#isAtWork || (this.#toRead.length === 0 && this.#texts.length === 0)) return;
    this.#isAtWork = true;
    setImmediate(() => {
      this.#isAtWork = false;
      if (this.#toRead.length > 0) this.#read();
      else this.#look();
      this.#goOn();
    });
  }

  #read(): void {
    try {
      this.#toRead.shift()?.();
    } catch (error) {
      this.#log.error({ reason: messageOf(error) }, "filters can not be read");
    }
  }

  #look(): void {
    const text = this.#texts[0] ?? "";
    const piece = text.slice(this.#at, this.#at + PIECE + OVERLAP);
    const needed = this.#unread.filter(({ call }) => call.test(piece));
    this.#unread = this.#unread.filter((code) => !needed.includes(code));
    this.#toRead.push(...needed.flatMap(({ parts }) => parts));
    this.#at += PIECE;
    if (this.#unread.length > 0 && this.#at < text.length) return;
    this.#at = 0;
    if (this.#unread.length > 0) this.#texts.shift();
    else this.#texts = [];
  }
}
