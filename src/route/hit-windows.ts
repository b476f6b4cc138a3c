import type { Kept } from "./filter-services.ts";
import type { HitLimit } from "./shared-limits.ts";

/** How many hits of a client are kept one by one; of a limit over that, as many groups, each of which counts until its last possible hit is over. */
const CELLS = 64;
/** Of one client only, for a limit that all share. */
const CELLS_OF_ONE = 4_096;
const FIRST_ROWS = 16;
/** Clients that are looked at to find room for another; far apart, as those that came together may be alike. */
const LOOKED_AT = 16;
/** Odd, and so sooner or later every row of a power of two. */
const STRIDE = 40_503;
const ROW_BYTES = 8;

/** The most that the hits of all limits of a process may take. */
export const HIT_BYTES = 134_217_728;
/** The most clients of one limit. */
export const HIT_CLIENTS = 65_536;

/** How much of `HIT_BYTES` is taken. */
export class HitMemory implements Kept {
  readonly usedMs = Infinity;
  #bytes = 0;

  /** False when there is no room for so much more. */
  take(bytes: number): boolean {
    if (this.#bytes + bytes > HIT_BYTES) return false;
    this.#bytes += bytes;
    return true;
  }

  give(bytes: number): void {
    this.#bytes -= bytes;
  }
}

/**
 * The hits of each client in the time that counts: a sliding window. A hit that is refused does not count. All is in typed arrays, a row a
 * client, a ring of times in each. When there is no row left, the client with the fewest hits of some loses its: whoever makes up clients
 * pushes out what was made up, and not those who are near their limit.
 */
export class HitWindows implements Kept {
  readonly #limit: HitLimit;
  readonly #memory: HitMemory;
  readonly #onForgotten: () => void;
  readonly #cells: number;
  /** Hits within so much of the first of a group are in it; 0 when each stands for itself. */
  readonly #spanMs: number;
  readonly #mostRows: number;
  readonly #rows = new Map<string, number>();
  readonly #keys: string[] = [];
  /** When the hits of a cell began, and how many they are. */
  #times: Float64Array;
  #counts: Uint32Array;
  /** Of a row: its oldest cell, how many are in use, the hits in them. */
  #oldest: Uint16Array;
  #used: Uint16Array;
  #totals: Uint32Array;
  #next = 0;
  usedMs = 0;

  constructor(limit: HitLimit, isShared: boolean, memory: HitMemory, onForgotten: () => void) {
    this.#limit = limit;
    this.#memory = memory;
    this.#onForgotten = onForgotten;
    const most = isShared ? CELLS_OF_ONE : CELLS;
    this.#cells = Math.max(1, Math.min(limit.hits, most));
    // Two more than the groups of a window: the one that is over, and the one that begins.
    this.#spanMs = limit.hits > most ? limit.windowMs / (most - 2) : 0;
    this.#mostRows = isShared ? 1 : HIT_CLIENTS;
    const rows = Math.min(FIRST_ROWS, this.#mostRows);
    memory.take(this.#bytesOf(rows));
    this.#times = new Float64Array(rows * this.#cells);
    this.#counts = new Uint32Array(this.#spanMs > 0 ? rows * this.#cells : 0);
    this.#oldest = new Uint16Array(rows);
    this.#used = new Uint16Array(rows);
    this.#totals = new Uint32Array(rows);
  }

  /** Clients that are known. */
  get clients(): number {
    return this.#rows.size;
  }

  /** Counts a hit and returns 0; or, when the limit is reached, the milliseconds until one more may come. */
  hit(client: string, nowMs: number): number {
    // What is of use to nobody is forgotten an hour later, and not before these hits are over.
    this.usedMs = nowMs + this.#limit.windowMs;
    const row = this.#rows.get(client) ?? this.#admit(client, nowMs);
    this.#forgetOver(row, nowMs);
    if ((this.#totals[row] as number) < this.#limit.hits) {
      this.#count(row, nowMs);
      return 0;
    }
    return (this.#times[this.#cellOf(row, 0)] as number) + this.#spanMs + this.#limit.windowMs - nowMs;
  }

  /** Nobody asks any more. */
  forget(): void {
    this.#memory.give(this.#bytesOf(this.#oldest.length));
  }

  #count(row: number, nowMs: number): void {
    const used = this.#used[row] as number;
    this.#totals[row] = (this.#totals[row] as number) + 1;
    if (this.#spanMs > 0 && used > 0) {
      const newest = this.#cellOf(row, used - 1);
      if (nowMs - (this.#times[newest] as number) < this.#spanMs || used === this.#cells) {
        this.#counts[newest] = (this.#counts[newest] as number) + 1;
        return;
      }
    }
    const cell = this.#cellOf(row, used);
    this.#times[cell] = nowMs;
    if (this.#spanMs > 0) this.#counts[cell] = 1;
    this.#used[row] = used + 1;
  }

  /** A hit counts for the length of the window, and no moment longer. */
  #forgetOver(row: number, nowMs: number): void {
    const overMs = nowMs - this.#limit.windowMs - this.#spanMs;
    let used = this.#used[row] as number;
    let oldest = this.#oldest[row] as number;
    while (used > 0) {
      const cell = row * this.#cells + oldest;
      if ((this.#times[cell] as number) > overMs) break;
      this.#totals[row] = (this.#totals[row] as number) - (this.#spanMs > 0 ? (this.#counts[cell] as number) : 1);
      oldest = oldest + 1 === this.#cells ? 0 : oldest + 1;
      used--;
    }
    this.#used[row] = used;
    this.#oldest[row] = oldest;
  }

  #cellOf(row: number, at: number): number {
    const cell = (this.#oldest[row] as number) + at;
    return row * this.#cells + (cell >= this.#cells ? cell - this.#cells : cell);
  }

  /** A row for a client that has none. */
  #admit(client: string, nowMs: number): number {
    const row = this.#keys.length < this.#oldest.length ? this.#keys.length : this.#freed(nowMs);
    const known = this.#keys[row];
    if (known !== undefined) this.#rows.delete(known);
    // Cut out of a request's head it would keep all of that in memory.
    const key = Buffer.from(client, "latin1").toString("latin1");
    this.#keys[row] = key;
    this.#rows.set(key, row);
    this.#used[row] = 0;
    this.#totals[row] = 0;
    return row;
  }

  /** A row whose hits are over; else a new one; else the one of some that has the fewest hits, of these the one longest idle. */
  #freed(nowMs: number): number {
    let least = -1;
    for (let looked = 0; looked < LOOKED_AT; looked++) {
      const row = this.#next;
      this.#next = (row + STRIDE) % this.#keys.length;
      this.#forgetOver(row, nowMs);
      if (this.#used[row] === 0) return row;
      if (least < 0 || this.#isLess(row, least)) least = row;
    }
    if (this.#grow()) return this.#keys.length;
    this.#onForgotten();
    return least;
  }

  #isLess(row: number, than: number): boolean {
    const [hits, thanHits] = [this.#totals[row] as number, this.#totals[than] as number];
    return hits < thanHits || (hits === thanHits && this.#newest(row) < this.#newest(than));
  }

  #newest(row: number): number {
    return this.#times[this.#cellOf(row, (this.#used[row] as number) - 1)] as number;
  }

  #grow(): boolean {
    const rows = this.#oldest.length;
    const more = Math.min(this.#mostRows, rows * 2);
    if (more === rows || !this.#memory.take(this.#bytesOf(more - rows))) return false;
    this.#times = grown(this.#times, new Float64Array(more * this.#cells));
    this.#counts = grown(this.#counts, new Uint32Array(this.#spanMs > 0 ? more * this.#cells : 0));
    this.#oldest = grown(this.#oldest, new Uint16Array(more));
    this.#used = grown(this.#used, new Uint16Array(more));
    this.#totals = grown(this.#totals, new Uint32Array(more));
    return true;
  }

  #bytesOf(rows: number): number {
    return rows * (this.#cells * (this.#spanMs > 0 ? 12 : 8) + ROW_BYTES);
  }
}

function grown<Numbers extends Float64Array | Uint32Array | Uint16Array>(from: Numbers, to: Numbers): Numbers {
  to.set(from);
  return to;
}
