import { randomInt } from "node:crypto";

/** Of a slot: its hash, where its name begins (0: the slot is empty), and two numbers of whoever uses the map. */
const STRIDE = 4;
const LENGTH_BYTES = 2;
const LONGEST_NAME = 0xffff;
/** Names are fewer than routes: for more than these no room is made before they are there. */
const MOST_EXPECTED = 16_384;
const FNV_PRIME = 0x0100_0193;
const NO_BYTE = /[^\0-\xff]/;
const { imul } = Math;
/** Whoever may choose names must not be able to choose ones that fall together. */
const seed = randomInt(0x7fff_ffff);

/**
 * A map from host names to two numbers, open-addressed, in flat memory: a look-up among a hundred thousand of them reads two places that
 * are in no cache, where a Map of strings reads several more. Names are not taken out.
 */
export class HostNames {
  #numbers: Int32Array;
  #mask: number;
  #size = 0;
  /** Each name behind its length, from 1 on. */
  #names = Buffer.alloc(4_096);
  #end = 1;
  /** What was added last. */
  #lastName: string | undefined = undefined;
  #lastSlot = 0;

  /** `expected`: about how many names will come. Making room for them one doubling after the other is most of the work. */
  constructor(expected = 0) {
    let slots = 16;
    while (slots * 3 < Math.min(expected, MOST_EXPECTED) * 5) slots *= 2;
    this.#numbers = new Int32Array(slots * STRIDE);
    this.#mask = slots - 1;
  }

  /** The slot of this name, or -1. It stands until the next `add`. */
  find(name: string): number {
    const numbers = this.#numbers;
    const mask = this.#mask;
    const hash = hashOf(name);
    for (let at = hash & mask; ; at = (at + 1) & mask) {
      const slot = at * STRIDE;
      const begin = numbers[slot + 1] as number;
      if (begin === 0) return -1;
      if (numbers[slot] === hash && this.#isAt(begin, name)) return slot;
    }
  }

  /** The slot of the name that stands in `text`; both numbers of a new one are 0. Undefined when no host can be called so. */
  add(text: string, start: number, end: number): number | undefined {
    const name = text.slice(start, end);
    // Routes of one host follow each other.
    if (name === this.#lastName) return this.#lastSlot;
    const length = name.length;
    if (length > LONGEST_NAME || NO_BYTE.test(name)) return undefined;
    if (this.#size * 5 >= (this.#mask + 1) * 3) this.#grow();
    const numbers = this.#numbers;
    const written = this.#write(name);
    const hash = hashOfBytes(this.#names, written + LENGTH_BYTES, length);
    let slot = (hash & this.#mask) * STRIDE;
    for (let at = hash & this.#mask; ; at = (at + 1) & this.#mask) {
      slot = at * STRIDE;
      const begin = numbers[slot + 1] as number;
      if (begin === 0) {
        numbers[slot] = hash;
        numbers[slot + 1] = written;
        this.#end = written + LENGTH_BYTES + length;
        this.#size++;
        break;
      }
      if (numbers[slot] === hash && this.#isAt(begin, name)) break;
    }
    this.#lastName = name;
    this.#lastSlot = slot;
    return slot;
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

  #isAt(begin: number, name: string): boolean {
    const names = this.#names;
    const length = name.length;
    if (((names[begin] as number) << 8) + (names[begin + 1] as number) !== length) return false;
    for (let at = 0, other = begin + LENGTH_BYTES; at < length; at++, other++) if (names[other] !== name.charCodeAt(at)) return false;
    return true;
  }

  /** Behind the last name; it is kept once `#end` is behind it. Answers where. */
  #write(name: string): number {
    const begin = this.#end;
    const end = begin + LENGTH_BYTES + name.length;
    if (end > this.#names.length) {
      const larger = Buffer.alloc(end * 2);
      larger.set(this.#names);
      this.#names = larger;
    }
    this.#names[begin] = name.length >>> 8;
    this.#names[begin + 1] = name.length & 0xff;
    this.#names.write(name, begin + LENGTH_BYTES, "latin1");
    return begin;
  }

  #grow(): void {
    this.#lastName = undefined;
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

/**
 * FNV-1a of pairs of letters from a secret beginning, with its bits mixed once more: the last letters alone would decide the slot. It
 * stands here for text and for bytes, because a worker that starts adds ten thousand names with code that nothing has compiled yet: there a
 * call for each letter is what it costs.
 */
function hashOf(name: string): number {
  const length = name.length;
  let hash = seed ^ length;
  let at = 1;
  for (; at < length; at += 2) hash = imul(hash ^ (name.charCodeAt(at - 1) | (name.charCodeAt(at) << 8)), FNV_PRIME);
  if (at === length) hash = imul(hash ^ name.charCodeAt(at - 1), FNV_PRIME);
  return mixed(hash);
}

function hashOfBytes(bytes: Uint8Array, start: number, length: number): number {
  const end = start + length;
  let hash = seed ^ length;
  let at = start + 1;
  for (; at < end; at += 2) hash = imul(hash ^ ((bytes[at - 1] as number) | ((bytes[at] as number) << 8)), FNV_PRIME);
  if (at === end) hash = imul(hash ^ (bytes[at - 1] as number), FNV_PRIME);
  return mixed(hash);
}

function mixed(given: number): number {
  let hash = imul(given ^ (given >>> 16), 0x85eb_ca6b);
  hash = imul(hash ^ (hash >>> 13), 0xc2b2_ae35);
  return hash ^ (hash >>> 16);
}
