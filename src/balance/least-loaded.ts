import type { EndpointState, LoadWatcher } from "./endpoint-state.ts";

/**
 * The endpoint with the fewest requests for its weight, in a heap that every request moves by some places: O(log n). Of several alike
 * it is the one that was chosen longest ago.
 */
export class LeastLoaded implements LoadWatcher {
  readonly #places = new Map<EndpointState, number>();
  #heap: EndpointState[] = [];
  #weights: Float64Array = new Float64Array(0);
  #keys: Float64Array = new Float64Array(0);
  #turns: Float64Array = new Float64Array(0);
  #turn = 0;

  /** Starts anew with these. */
  fill(list: readonly EndpointState[], weights: Float64Array | undefined): void {
    const turns = new Map(this.#heap.map((endpoint, at) => [endpoint, this.#turns[at] as number]));
    const stays = new Set(list);
    for (const endpoint of this.#heap) if (!stays.has(endpoint)) endpoint.unwatch(this);
    for (const endpoint of stays) if (!turns.has(endpoint)) endpoint.watch(this);
    this.#places.clear();
    this.#heap = [...list];
    this.#weights = weights === undefined ? new Float64Array(list.length).fill(1) : Float64Array.from(weights);
    this.#keys = new Float64Array(list.length);
    this.#turns = Float64Array.from(list, (endpoint) => turns.get(endpoint) ?? 0);
    list.forEach((endpoint, at) => {
      this.#places.set(endpoint, at);
      this.#keys[at] = this.#keyAt(at);
    });
    for (let at = (list.length >>> 1) - 1; at >= 0; at--) this.#sink(at);
  }

  /** The least loaded that `isUsable`, a few places below the top when those above are not. Undefined when none is. */
  pick(isUsable: (endpoint: EndpointState) => boolean): EndpointState | undefined {
    const at = this.#find(0, isUsable);
    if (at < 0) return undefined;
    const picked = this.#heap[at] as EndpointState;
    this.#turns[at] = ++this.#turn;
    this.#sink(at);
    return picked;
  }

  loadChanged(endpoint: EndpointState): void {
    const at = this.#places.get(endpoint);
    if (at === undefined) return;
    const before = this.#keys[at] as number;
    const key = this.#keyAt(at);
    this.#keys[at] = key;
    if (key < before) this.#rise(at);
    else this.#sink(at);
  }

  #keyAt(at: number): number {
    return ((this.#heap[at] as EndpointState).inFlight + 1) / (this.#weights[at] as number);
  }

  #find(at: number, isUsable: (endpoint: EndpointState) => boolean): number {
    if (at >= this.#heap.length) return -1;
    if (isUsable(this.#heap[at] as EndpointState)) return at;
    const left = this.#find(2 * at + 1, isUsable);
    const right = this.#find(2 * at + 2, isUsable);
    if (left < 0 || right < 0) return Math.max(left, right);
    return this.#isBefore(left, right) ? left : right;
  }

  #isBefore(one: number, other: number): boolean {
    const difference = (this.#keys[one] as number) - (this.#keys[other] as number);
    return difference < 0 || (difference === 0 && (this.#turns[one] as number) < (this.#turns[other] as number));
  }

  #rise(from: number): void {
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >>> 1;
      if (!this.#isBefore(at, parent)) return;
      this.#swap(at, parent);
      at = parent;
    }
  }

  #sink(from: number): void {
    let at = from;
    for (;;) {
      const left = 2 * at + 1;
      if (left >= this.#heap.length) return;
      const child = left + 1 < this.#heap.length && this.#isBefore(left + 1, left) ? left + 1 : left;
      if (!this.#isBefore(child, at)) return;
      this.#swap(at, child);
      at = child;
    }
  }

  #swap(one: number, other: number): void {
    const heap = this.#heap;
    const endpoint = heap[one] as EndpointState;
    heap[one] = heap[other] as EndpointState;
    heap[other] = endpoint;
    swapNumbers(this.#weights, one, other);
    swapNumbers(this.#keys, one, other);
    swapNumbers(this.#turns, one, other);
    this.#places.set(heap[one], one);
    this.#places.set(heap[other], other);
  }
}

function swapNumbers(numbers: Float64Array, one: number, other: number): void {
  const value = numbers[one] as number;
  numbers[one] = numbers[other] as number;
  numbers[other] = value;
}
