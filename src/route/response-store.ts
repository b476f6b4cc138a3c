import type { Kept } from "./filter-services.ts";
import { fieldOf } from "./cache-control.ts";

/** A response that may be sent again. */
export interface StoredResponse {
  readonly status: number;
  readonly headers: readonly string[];
  readonly body: Buffer;
  /** Names in Vary, lower case, and what the request had for them. */
  readonly varies: readonly (readonly [name: string, value: string | undefined])[];
  /** Monotonic time at which it was made, by its age. */
  readonly madeMs: number;
  readonly lifetimeMs: number;
  /** Behind its lifetime: may be sent while another request asks for a new one, and in place of an error. */
  readonly staleWhileMs: number;
  readonly staleOnErrorMs: number;
}

/** The most that responses of all routes of a process may take, with those that are on their way. */
export const CACHE_BYTES = 67_108_864;
/** The longest body that is stored. */
export const CACHED_BODY_BYTES = 1_048_576;
/** The most responses to one address that differ by Vary. */
export const CACHE_VARIANTS = 16;
const OVERHEAD_BYTES = 1_024;

interface Place {
  readonly variants: StoredResponse[];
  bytes: number;
  /** Until when a request is believed to be on its way for a new one. */
  refreshingUntilMs: number;
}

/** Responses by their address, the least recently used one first to go. */
export class ResponseStore implements Kept {
  readonly usedMs = Infinity;
  readonly #places = new Map<string, Place>();
  readonly #onEvicted: () => void;
  #bytes = 0;
  /** Of bodies that are still coming. */
  #coming = 0;

  constructor(onEvicted: () => void) {
    this.#onEvicted = onEvicted;
  }

  /** What was stored for a request with these fields. */
  find(key: string, requestHeaders: readonly string[]): StoredResponse | undefined {
    const place = this.#places.get(key);
    if (place === undefined) return undefined;
    this.#places.delete(key);
    this.#places.set(key, place);
    return place.variants.findLast(({ varies }) => varies.every(([name, value]) => fieldOf(requestHeaders, name) === value));
  }

  /** True once in so much time: who asks is to bring a new one. */
  refresh(key: string, nowMs: number, forMs: number): boolean {
    const place = this.#places.get(key);
    if (place === undefined || place.refreshingUntilMs > nowMs) return false;
    place.refreshingUntilMs = nowMs + forMs;
    return true;
  }

  put(key: string, response: StoredResponse): void {
    const old = this.#places.get(key);
    const others = (old?.variants ?? []).filter(({ varies }) => !isSame(varies, response.varies)).slice(-(CACHE_VARIANTS - 1));
    this.drop(key);
    const variants = [...others, response];
    const bytes = variants.reduce((sum, variant) => sum + bytesOf(variant), key.length * 2);
    this.#places.set(key, { variants, bytes, refreshingUntilMs: 0 });
    this.#bytes += bytes;
    this.#makeRoom();
  }

  drop(key: string): void {
    const place = this.#places.get(key);
    if (place === undefined) return;
    this.#places.delete(key);
    this.#bytes -= place.bytes;
  }

  /** Room for bytes of a body that is coming; false when too many are: half of all is for those that are there. */
  reserve(bytes: number): boolean {
    if (this.#coming + bytes > CACHE_BYTES / 2) return false;
    this.#coming += bytes;
    this.#makeRoom();
    return true;
  }

  release(bytes: number): void {
    this.#coming -= bytes;
  }

  #makeRoom(): void {
    for (const key of this.#places.keys()) {
      if (this.#bytes + this.#coming <= CACHE_BYTES) return;
      this.drop(key);
      this.#onEvicted();
    }
  }
}

function bytesOf({ headers, body }: StoredResponse): number {
  return headers.reduce((sum, text) => sum + text.length * 2, body.length + OVERHEAD_BYTES);
}

function isSame(one: StoredResponse["varies"], other: StoredResponse["varies"]): boolean {
  return one.length === other.length && one.every(([name, value], at) => other[at]?.[0] === name && other[at]?.[1] === value);
}
