import type { JsonObject } from "./json.ts";

/** One change of one object. */
export interface StoreEvent {
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  readonly revision: number;
  readonly key: string;
  /** The object after the change; of a deletion its last state, with the revision of the deletion. */
  readonly object: JsonObject;
  readonly previous: JsonObject | undefined;
}

/** The last events of one collection, as the watch cache of a kube-apiserver keeps them: bounded, gone with the process. */
export class EventWindow {
  readonly #limit: number;
  #events: StoreEvent[] = [];
  /** Events up to this revision are not here (any more). */
  #floor: number;

  constructor(limit: number, floor: number) {
    this.#limit = limit;
    this.#floor = floor;
  }

  push(event: StoreEvent): void {
    this.#events.push(event);
    // Dropped by the quarter, so that a full window costs no copy per event.
    if (this.#events.length <= this.#limit) return;
    const dropped = this.#events.splice(0, Math.max(1, Math.floor(this.#limit / 4)));
    this.#floor = dropped.at(-1)?.revision ?? this.#floor;
  }

  /** Events after `revision`, oldest first; undefined when some are gone. */
  since(revision: number): readonly StoreEvent[] | undefined {
    if (revision < this.#floor) return undefined;
    let low = 0;
    let high = this.#events.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#events[middle] as StoreEvent).revision > revision) high = middle;
      else low = middle + 1;
    }
    return this.#events.slice(low);
  }
}
