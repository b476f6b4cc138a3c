/** Some bytes on their way, and when they came (for a latency that is counted from then). */
export interface Piece {
  readonly bytes: Buffer;
  readonly atMs: number;
}

/** What a toxic gets when it asks for the next piece: one, or why there is none. */
export type Taken = Piece | "ended" | "interrupted" | "waited";

/**
 * Pieces between two stages of a link, in order, bounded by their bytes: who puts waits while it is full, so that a slow reader slows the
 * writer's own socket and nothing is heaped up.
 */
export class PieceQueue {
  readonly #limitBytes: number;
  #pieces: Piece[] = [];
  #bytes = 0;
  #hasEnded = false;
  #isDropped = false;
  #roomWaiters: (() => void)[] = [];
  #onNews: (() => void) | undefined;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  get isEmpty(): boolean {
    return this.#pieces.length === 0;
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Takes the piece at once; answers undefined, or a promise to wait for before the next one is put. */
  put(piece: Piece): Promise<void> | undefined {
    if (this.#isDropped || piece.bytes.length === 0) return undefined;
    this.#pieces.push(piece);
    this.#bytes += piece.bytes.length;
    this.#onNews?.();
    if (this.#bytes < this.#limitBytes) return undefined;
    return new Promise((resolve) => this.#roomWaiters.push(resolve));
  }

  /** Nothing comes after what is in it. */
  end(): void {
    this.#hasEnded = true;
    this.#onNews?.();
  }

  /** The connection is gone: whoever waits goes on, and what is put is lost. */
  drop(): void {
    this.#isDropped = true;
    this.#pieces = [];
    this.#bytes = 0;
    this.end();
    this.#giveRoom();
  }

  shift(): Piece | undefined {
    const piece = this.#pieces.shift();
    if (piece !== undefined) this.#bytes -= piece.bytes.length;
    if (this.#bytes < this.#limitBytes) this.#giveRoom();
    return piece;
  }

  /** Calls `tell` when a piece or the end comes; one listener at a time. */
  listen(tell: (() => void) | undefined): void {
    this.#onNews = tell;
  }

  #giveRoom(): void {
    const waiters = this.#roomWaiters;
    this.#roomWaiters = [];
    for (const resolve of waiters) resolve();
  }
}
