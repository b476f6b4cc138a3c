import { hash } from "node:crypto";

const BYTES = 32;

/**
 * Says which lines a set has, whatever their order and the way they came: the XOR of the SHA-256 of each. A line that comes or goes
 * costs its own hash. It tells sets apart that differ by accident; lines that are chosen to collide can be found.
 */
export class LineDigest {
  readonly #sum: Uint8Array;

  /** Of no line, or of those of a {@link hex}. */
  constructor(hex = "") {
    this.#sum = new Uint8Array(BYTES);
    this.#sum.set(Buffer.from(hex, "hex").subarray(0, BYTES));
  }

  /** A line, without its end, that was not there comes, or one that was there goes. */
  toggle(line: string): void {
    const bytes = hash("sha256", line, "buffer");
    for (let at = 0; at < BYTES; at++) this.#sum[at] = (this.#sum[at] ?? 0) ^ (bytes[at] ?? 0);
  }

  get hex(): string {
    return Buffer.from(this.#sum).toString("hex");
  }
}
