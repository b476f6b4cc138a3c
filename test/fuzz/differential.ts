import type { Random } from "../../src/kernel/index.ts";
import type { WireFault } from "../../src/wire/index.ts";
import { Llhttp, type LlhttpKind, type LlhttpMessage } from "../../src/wire/testing/llhttp.ts";
import { type KnownDifferences, knownDifferences } from "./differences.ts";
import { BASES, mutate } from "./messages.ts";
import { type OurReading, readOurs } from "./our-reading.ts";

/** How many messages were read, and what came of them. */
export interface FuzzCounts {
  messages: number;
  /** Taken by both, and as the same message. */
  same: number;
  /** Refused by both, or by none and not whole. */
  neither: number;
  readonly stricter: Map<WireFault, number>;
  readonly looser: Map<string, number>;
}

/** Our head parser and chunked decoder beside llhttp: on whole messages, on every prefix, and however they are split. */
export class Differential {
  readonly counts: FuzzCounts = { messages: 0, same: 0, neither: 0, stricter: new Map(), looser: new Map() };
  readonly #llhttp = new Llhttp();
  readonly #known: KnownDifferences;

  constructor(known: KnownDifferences = knownDifferences) {
    this.#known = known;
  }

  /** The messages all others are made of, split everywhere. Returns the first that shows a fault of ours, with its bytes. */
  bases(): string | undefined {
    for (const kind of ["request", "response"] as const) {
      for (const text of BASES[kind]) {
        if (readOurs(kind, [bytesOf(text)]).message === undefined) return failure(kind, text, "a message that is right is not taken");
        const found = this.compare(kind, text) ?? this.splitEverywhere(kind, text);
        if (found !== undefined) return found;
      }
    }
    return undefined;
  }

  /** One mutated message; one in sixteen is split everywhere, the others once and into bytes. */
  next(random: Random): string | undefined {
    const kind = random.next() < 0.6 ? "request" : "response";
    const text = mutate(kind, random);
    const found = this.compare(kind, text);
    if (found !== undefined) return found;
    if (random.next() < 1 / 16) return this.splitEverywhere(kind, text);
    const bytes = bytesOf(text);
    const whole = readOurs(kind, [bytes]);
    const at = Math.floor(random.next() * bytes.length);
    return this.#isSplitAlike(kind, bytes, whole, at) && this.#isSplitAlike(kind, bytes, whole, -1)
      ? undefined
      : failure(kind, text, `split at ${at} or into bytes it is read otherwise than in one piece`);
  }

  /** Ours and llhttp's reading of the first message in `text`. */
  compare(kind: LlhttpKind, text: string): string | undefined {
    const { counts } = this;
    counts.messages++;
    const bytes = bytesOf(text);
    const ours = readOurs(kind, [bytes]);
    const theirs = this.#llhttp.read(kind, bytes, { isOne: true, isEnd: true });
    const [theirMessage] = theirs.messages;
    if (ours.message === undefined) {
      if (theirMessage === undefined) {
        counts.neither++;
        return undefined;
      }
      const { framedOtherwise, stricter } = this.#known;
      if (framedOtherwise.is(theirMessage)) {
        counts.looser.set(framedOtherwise.why, (counts.looser.get(framedOtherwise.why) ?? 0) + 1);
        return undefined;
      }
      if (ours.fault === undefined) return failure(kind, text, "llhttp has the whole message and we wait for more");
      if (stricter[ours.fault] === undefined) return failure(kind, text, `${ours.fault}, and llhttp takes it`);
      counts.stricter.set(ours.fault, (counts.stricter.get(ours.fault) ?? 0) + 1);
      return undefined;
    }
    if (theirMessage !== undefined && theirs.consumed === ours.consumed && isSame(ours.message, theirMessage)) {
      counts.same++;
      return undefined;
    }
    const message = ours.message;
    const known = this.#known.looser.find(({ is }) => is({ message, theirs: theirMessage, error: theirs.error }));
    if (known === undefined) {
      const read = theirMessage === undefined ? theirs.error || "waits for more" : `${JSON.stringify(theirMessage)} to ${theirs.consumed}`;
      return failure(kind, text, `we take ${JSON.stringify(message)} to ${ours.consumed}; llhttp: ${read}`);
    }
    counts.looser.set(known.why, (counts.looser.get(known.why) ?? 0) + 1);
    return undefined;
  }

  /** Every prefix and every split into two, and into bytes: what has come decides, not how; what was refused or whole stays so. */
  splitEverywhere(kind: LlhttpKind, text: string): string | undefined {
    const bytes = bytesOf(text);
    const whole = readOurs(kind, [bytes]);
    const endsWithConnection = whole.message !== undefined && whole.consumed === bytes.length && kind === "response";
    for (let at = 0; at <= bytes.length; at++) {
      if (!this.#isSplitAlike(kind, bytes, whole, at)) return failure(kind, text, `split at ${at} it is read otherwise than in one piece`);
      const prefix = readOurs(kind, [bytes.subarray(0, at)]);
      if (prefix.fault !== undefined && prefix.fault !== whole.fault)
        return failure(kind, text, `its first ${at} bytes are refused (${prefix.fault}), and with more it is ${whole.fault ?? "not"}`);
      if (prefix.message !== undefined && prefix.consumed !== whole.consumed && !endsWithConnection)
        return failure(kind, text, `its first ${at} bytes are a message that ends elsewhere than with more`);
    }
    return this.#isSplitAlike(kind, bytes, whole, -1) ? undefined : failure(kind, text, "byte by byte it is read otherwise");
  }

  /** At -1 each byte comes alone. */
  #isSplitAlike(kind: LlhttpKind, bytes: Buffer, whole: OurReading, at: number): boolean {
    const pieces = at < 0 ? Array.from(bytes, (byte) => Buffer.of(byte)) : [bytes.subarray(0, at), bytes.subarray(at)];
    const split = readOurs(kind, pieces);
    if (split.fault !== whole.fault || split.consumed !== whole.consumed) return false;
    return split.message === undefined ? whole.message === undefined : whole.message !== undefined && isSame(split.message, whole.message);
  }
}

/** llhttp leaves white space behind a value. */
function isSame(ours: LlhttpMessage, theirs: LlhttpMessage): boolean {
  return (
    ours.method === theirs.method &&
    ours.target === theirs.target &&
    ours.status === theirs.status &&
    ours.minorVersion === theirs.minorVersion &&
    ours.body === theirs.body &&
    isSameList(ours.fields, theirs.fields) &&
    isSameList(ours.trailers, theirs.trailers)
  );
}

function isSameList(ours: readonly string[], theirs: readonly string[]): boolean {
  return ours.length === theirs.length && ours.every((part, at) => part === theirs[at]?.replace(/[ \t]+$/, ""));
}

function bytesOf(text: string): Buffer {
  return Buffer.from(text, "latin1");
}

function failure(kind: LlhttpKind, text: string, what: string): string {
  return `${kind} ${JSON.stringify(text)}\n  (base64 ${bytesOf(text).toString("base64")})\n  ${what}`;
}
