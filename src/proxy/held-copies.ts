import type { BodyWatcher, RequestCopy } from "../route/index.ts";
import type { CopySource } from "./copy-source.ts";
import type { CopyOutcome } from "./proxy-metrics.ts";

/** Who has room for bodies, and sends copies that are whole. */
export interface CopyKeeper {
  /** The longest body that is copied. */
  readonly bodyLimit: number;
  /** Takes room for a body; false when there is none. */
  takeRoom(bytes: number): boolean;
  freeRoom(bytes: number): void;
  count(outcome: CopyOutcome, copies: number): void;
  /** The room of the body is given back when all of them have ended. */
  sendWhole(copies: readonly RequestCopy[], source: CopySource, body: Buffer): void;
}

/** Copies that wait for their body. */
export class HeldCopies implements BodyWatcher {
  readonly #all: CopyKeeper;
  readonly #copies: readonly RequestCopy[];
  readonly #source: CopySource;
  readonly #needsBody: boolean;
  #pieces: Buffer[] | undefined = [];
  #bytes = 0;

  constructor(all: CopyKeeper, copies: readonly RequestCopy[], source: CopySource, needsBody: boolean) {
    this.#all = all;
    this.#copies = copies;
    this.#source = source;
    this.#needsBody = needsBody;
  }

  take(bytes: Buffer): void {
    if (this.#pieces === undefined) return;
    if (this.#bytes + bytes.length > this.#all.bodyLimit) this.#drop("large");
    else if (!this.#all.takeRoom(bytes.length)) this.#drop("busy");
    else {
      this.#bytes += bytes.length;
      this.#pieces.push(Buffer.from(bytes));
    }
  }

  end(): void {
    const pieces = this.#pieces;
    if (pieces === undefined) return;
    this.#pieces = undefined;
    if (this.#bytes > 0 || !this.#needsBody) this.#all.sendWhole(this.#copies, this.#source, Buffer.concat(pieces));
  }

  cut(): void {
    if (this.#pieces !== undefined) this.#drop("incomplete");
  }

  #drop(outcome: CopyOutcome): void {
    this.#pieces = undefined;
    this.#all.freeRoom(this.#bytes);
    this.#all.count(outcome, this.#copies.length);
  }
}
