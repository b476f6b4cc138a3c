import { randomInt } from "node:crypto";

/** Of a slot: its hash, where its name begins (0: the slot is empty), and two numbers of whoever uses the map. */
const STRIDE = 4;
const LENGTH_BYTES = 2;
const LONGEST_NAME = 0xffff;
const FNV_PRIME = 0x0100_0193;
/** Whoever may choose names must not be able to choose ones that fall together. */
const seed = randomInt(0x7fff_ffff);

/**
 * A map from host names to two numbers, open-addressed, in flat memory: a look-up among a hundred thousand of them reads two places that
 * are in no cache, where a Map of strings reads several more. Names are not taken out.
 */
export class HostNames {
  #numbers = new Int32Array(16 * STRIDE);
  #mask = 15;
  #size = 0;
  /** Each name behind its length, from 1 on. */
  #names = new Uint8Array(256);
  #end = 1;

  /** The slot of this name, or -1. It stands until the next `add`. */
  find(name: string): number {
    const numbers = this.#numbers;
    const mask = this.#mask;
    const hash = hashOf(name, 0, name.length);
    for (let at = hash & mask; ; at = (at + 1) & mask) {
      const slot = at * STRIDE;
      const begin = numbers[slot + 1] as number;
      if (begin === 0) return -1;
      if (numbers[slot] === hash && this.#isAt(begin, name, 0, name.length)) return slot;
    }
  }

  /** The slot of the name that stands in `text`; both numbers of a new one are 0. Undefined when no host can be called so. */
  add(text: string, start: number, end: number): number | undefined {
    const length = end - start;
    if (length > LONGEST_NAME) return undefined;
    for (let at = start; at < end; at++) if (text.charCodeAt(at) > 0xff) return undefined;
    if (this.#size * 5 >= (this.#mask + 1) * 3) this.#grow();
    const numbers = this.#numbers;
    const hash = hashOf(text, start, end);
    for (let at = hash & this.#mask; ; at = (at + 1) & this.#mask) {
      const slot = at * STRIDE;
      const begin = numbers[slot + 1] as number;
      if (begin === 0) {
        numbers[slot] = hash;
        numbers[slot + 1] = this.#keep(text, start, length);
        this.#size++;
        return slot;
      }
      if (numbers[slot] === hash && this.#isAt(begin, text, start, end)) return slot;
    }
  }

  first(slot: number): number {
    return this.#numbers[slot + 2] as number;
  }

  second(slot: number): number {
    return this.#numbers[slot + 3] as number;
  }

  set(slot: number, first: number, second: number): void {
    this.#numbers[slot + 2] = first;
    this.#numbers[slot + 3] = second;
  }

  /** The slots that have a name. */
  *slots(): Generator<number, void> {
    for (let slot = 0; slot < this.#numbers.length; slot += STRIDE) if (this.#numbers[slot + 1] !== 0) yield slot;
  }

  #isAt(begin: number, text: string, start: number, end: number): boolean {
    const names = this.#names;
    if (((names[begin] as number) << 8) + (names[begin + 1] as number) !== end - start) return false;
    for (let at = start, other = begin + LENGTH_BYTES; at < end; at++, other++) if (names[other] !== text.charCodeAt(at)) return false;
    return true;
  }

  #keep(text: string, start: number, length: number): number {
    if (this.#end + LENGTH_BYTES + length > this.#names.length) {
      const larger = new Uint8Array(Math.ceil((this.#names.length + LENGTH_BYTES + length) * 1.5));
      larger.set(this.#names);
      this.#names = larger;
    }
    const begin = this.#end;
    this.#names[begin] = length >>> 8;
    this.#names[begin + 1] = length & 0xff;
    for (let at = 0; at < length; at++) this.#names[begin + LENGTH_BYTES + at] = text.charCodeAt(start + at);
    this.#end += LENGTH_BYTES + length;
    return begin;
  }

  #grow(): void {
    const before = this.#numbers;
    const slots = (this.#mask + 1) * 2;
    this.#numbers = new Int32Array(slots * STRIDE);
    this.#mask = slots - 1;
    for (let slot = 0; slot < before.length; slot += STRIDE) {
      if (before[slot + 1] === 0) continue;
      let at = (before[slot] as number) & this.#mask;
      while (this.#numbers[at * STRIDE + 1] !== 0) at = (at + 1) & this.#mask;
      for (let field = 0; field < STRIDE; field++) this.#numbers[at * STRIDE + field] = before[slot + field] as number;
    }
  }
}

/** FNV-1a from a secret beginning, with its bits mixed once more: the last letters alone would decide the slot. */
function hashOf(text: string, start: number, end: number): number {
  let hash = seed;
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ text.charCodeAt(at), FNV_PRIME);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35);
  return hash ^ (hash >>> 16);
}
