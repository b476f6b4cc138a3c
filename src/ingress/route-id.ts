import { createHash } from "node:crypto";

import { insertInOrder, takeOut } from "./in-order.ts";

/** A route id out of parts that may have any characters: what an id cannot have becomes `_`. */
export function idOf(parts: readonly string[]): string {
  return parts.join("__").replaceAll(/[^A-Za-z0-9_]/g, "_");
}

/** A route that asks for an id. */
export interface IdClaim {
  /** The id it has; before it has one, what it asks for. */
  id: string;
  /** Ids it asked for and others have. */
  denied: readonly string[];
  /** The object and place it is from. */
  readonly origin: string;
  /** Of two that ask for the same id the first one has it. */
  isBefore(other: this): boolean;
}

/**
 * Keeps ids apart: names that differ only in characters an id cannot have (`a.b` and `a-b`) would collide. The later one in the order of claims gets a
 * suffix made from its own name, so that it does not depend on how many others there are. Who has which id depends on the claims alone, whatever the
 * order in which they came and went.
 */
export class RouteIds<Claim extends IdClaim> {
  readonly #holders = new Map<string, Claim>();
  /** By id, in order, those whom it was denied. */
  readonly #waiting = new Map<string, Claim[]>();
  readonly #onMove: (id: string) => void;

  /** `onMove` is called before an id gets another holder or loses its own, and while its holder still knows it by that id. */
  constructor(onMove: (id: string) => void) {
    this.#onMove = onMove;
  }

  holder(id: string): Claim | undefined {
    return this.#holders.get(id);
  }

  add(claim: Claim): void {
    let asking = claim;
    for (;;) {
      const { id } = asking;
      const holder = this.#holders.get(id);
      if (holder === undefined || asking.isBefore(holder)) {
        this.#onMove(id);
        this.#holders.set(id, asking);
        if (holder === undefined) return;
        asking = holder;
      }
      this.#deny(asking);
    }
  }

  remove(claim: Claim): void {
    this.#stopWaiting(claim, claim.denied);
    this.#vacate(claim.id);
  }

  /** Has it wait for its id, and ask for its next one. */
  #deny(claim: Claim): void {
    const { id, denied, origin } = claim;
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) this.#waiting.set(id, [claim]);
    else insertInOrder(waiting, claim, (one, other) => one.isBefore(other));
    const suffix = createHash("sha256").update(origin + " ".repeat(denied.length));
    claim.id = `${id}_${suffix.digest("hex").slice(0, 8)}`;
    claim.denied = [...denied, id];
  }

  /** Gives the id to the first who waits for it, whose own is then free. */
  #vacate(freed: string): void {
    let id = freed;
    this.#onMove(id);
    for (;;) {
      const next = this.#waiting.get(id)?.[0];
      if (next === undefined) {
        this.#holders.delete(id);
        return;
      }
      this.#onMove(next.id);
      const at = next.denied.indexOf(id);
      this.#stopWaiting(next, next.denied.slice(at));
      next.denied = next.denied.slice(0, at);
      this.#holders.set(id, next);
      const left = next.id;
      next.id = id;
      id = left;
    }
  }

  #stopWaiting(claim: Claim, ids: readonly string[]): void {
    for (const id of ids) {
      const waiting = this.#waiting.get(id);
      if (waiting === undefined) continue;
      takeOut(waiting, claim);
      if (waiting.length === 0) this.#waiting.delete(id);
    }
  }
}
