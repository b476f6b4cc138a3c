import type { Accepted, AcceptedChange, Claim } from "./hold-api.ts";

/** A withdrawn thing whose address a fresh one of another owner has. */
export interface Superseded {
  readonly key: string;
  readonly address: string;
  readonly owner: string;
}

/** The accepted things, what changed since last asked, and who has which address. */
export interface AcceptedSet<T> {
  readonly items: ReadonlyMap<string, Accepted<T>>;
  readonly withdrawn: number;
  /** Adds or replaces; answers the withdrawn things that lost their address by it (maybe this one). They are still there. */
  set(item: Accepted<T>): readonly Superseded[];
  remove(key: string): void;
  /** Keys changed since the last call; undefined when none. */
  takeChange(): AcceptedChange | undefined;
}

export function createAcceptedSet<T>(
  initial: readonly Accepted<T>[],
  claims: ((value: T) => Claim | undefined) | undefined,
): AcceptedSet<T> {
  const items = new Map<string, Accepted<T>>();
  const keysByAddress = new Map<string, Set<string>>();
  let withdrawn = 0;
  let changed = new Map<string, "upserted" | "removed" | "withdrawn">();

  function index(item: Accepted<T>): void {
    items.set(item.key, item);
    withdrawn += Number(item.withdrawn);
    const claim = claims?.(item.value);
    if (claim === undefined) return;
    const keys = keysByAddress.get(claim.address);
    if (keys === undefined) keysByAddress.set(claim.address, new Set([item.key]));
    else keys.add(item.key);
  }

  function unindex(key: string): void {
    const item = items.get(key);
    if (item === undefined) return;
    items.delete(key);
    withdrawn -= Number(item.withdrawn);
    const claim = claims?.(item.value);
    if (claim === undefined) return;
    const keys = keysByAddress.get(claim.address);
    keys?.delete(key);
    if (keys?.size === 0) keysByAddress.delete(claim.address);
  }

  function superseded(address: string): Superseded[] {
    const sharing = [...(keysByAddress.get(address) ?? [])].flatMap((key) => items.get(key) ?? []);
    if (sharing.length < 2) return [];
    return sharing.flatMap((old) => {
      if (!old.withdrawn) return [];
      const owner = claims?.(old.value)?.owner;
      const winner = sharing.find((other) => !other.withdrawn && claims?.(other.value)?.owner !== owner);
      return winner === undefined ? [] : [{ key: old.key, address, owner: claims?.(winner.value)?.owner ?? "" }];
    });
  }

  for (const item of initial) index(item);

  return {
    items,
    get withdrawn() {
      return withdrawn;
    },
    set(item) {
      unindex(item.key);
      index(item);
      changed.set(item.key, item.withdrawn ? "withdrawn" : "upserted");
      const claim = claims?.(item.value);
      return claim === undefined ? [] : superseded(claim.address);
    },
    remove(key) {
      if (!items.has(key)) return;
      unindex(key);
      changed.set(key, "removed");
    },
    takeChange() {
      if (changed.size === 0) return undefined;
      const all = [...changed];
      changed = new Map();
      const of = (what: string): string[] => all.filter(([, became]) => became === what).map(([key]) => key);
      return { upserted: of("upserted"), removed: of("removed"), withdrawn: of("withdrawn") };
    },
  };
}
