import { createHash } from "node:crypto";

interface Entry<Value> {
  readonly value: Value;
  readonly untilMs: number;
  readonly bytes: number;
}

/** What keeps a secret from standing in memory in clear; different for different lists of texts. */
export function digestOf(...texts: readonly string[]): string {
  const hash = createHash("sha256");
  for (const text of texts) hash.update(`${text.length}:`).update(text);
  return hash.digest("base64url");
}

/** What was found out about secrets, by digest; bounded in number, bytes and time. The one used longest ago goes first. */
export class SecretCache<Value> {
  readonly #entries = new Map<string, Entry<Value>>();
  readonly #mostEntries: number;
  readonly #mostBytes: number;
  #bytes = 0;

  constructor(mostEntries: number, mostBytes: number) {
    this.#mostEntries = mostEntries;
    this.#mostBytes = mostBytes;
  }

  get(digest: string, nowMs: number): Value | undefined {
    const entry = this.#entries.get(digest);
    if (entry === undefined) return undefined;
    this.#entries.delete(digest);
    if (entry.untilMs <= nowMs) {
      this.#bytes -= entry.bytes;
      return undefined;
    }
    this.#entries.set(digest, entry);
    return entry.value;
  }

  set(digest: string, value: Value, bytes: number, untilMs: number): void {
    this.#delete(digest);
    if (this.#mostEntries === 0 || bytes > this.#mostBytes) return;
    this.#entries.set(digest, { value, untilMs, bytes });
    this.#bytes += bytes;
    while (this.#entries.size > this.#mostEntries || this.#bytes > this.#mostBytes) {
      const [oldest] = this.#entries.keys();
      if (oldest === undefined) return;
      this.#delete(oldest);
    }
  }

  #delete(digest: string): void {
    this.#bytes -= this.#entries.get(digest)?.bytes ?? 0;
    this.#entries.delete(digest);
  }
}

/** Runs that are asked for again while they are under way are one run. */
export class Coalesced<Value> {
  readonly #running = new Map<string, Promise<Value>>();

  run(key: string, start: () => Promise<Value>): Promise<Value> {
    const known = this.#running.get(key);
    if (known !== undefined) return known;
    const running = start().finally(() => this.#running.delete(key));
    this.#running.set(key, running);
    return running;
  }
}
