/** Looks for words in bytes that come piece by piece. */
export class ContentSearch {
  readonly #words: readonly Buffer[];
  readonly #keptBytes: number;
  /** The end of what has come: it could be the beginning of a word. */
  rest: Buffer = Buffer.alloc(0);

  constructor(words: readonly Buffer[]) {
    this.#words = words;
    this.#keptBytes = Math.max(...words.map(({ length }) => length)) - 1;
  }

  /** Takes the next piece. Returns what can not be part of a word any more; undefined when one was found. */
  take(piece: Buffer): Buffer | undefined {
    const all = this.rest.length === 0 ? piece : Buffer.concat([this.rest, piece]);
    if (this.#words.some((word) => all.includes(word))) return undefined;
    const end = Math.max(0, all.length - this.#keptBytes);
    this.rest = Buffer.from(all.subarray(end));
    return all.subarray(0, end);
  }
}
