/** So many are remembered of one load balancer, the latest. */
const MOST_OWNERS = 200;

/**
 * Whom each load balancer ever served, but for those that another one serves now: they are asked for by name before it goes, so that a list that lost them
 * does not take it away.
 */
export class FormerOwners {
  readonly #owners: Map<string, Set<string>>;

  constructor(saved: Readonly<Record<string, readonly string[]>>) {
    this.#owners = new Map(Object.entries(saved).map(([name, keys]) => [name, new Set(keys)]));
  }

  /** Whom the load balancers that should be serve now, by name. */
  see(now: ReadonlyMap<string, readonly string[]>): void {
    const placeOf = new Map([...now].flatMap(([name, keys]) => keys.map((key) => [key, name] as const)));
    for (const [name, keys] of this.#owners) for (const key of keys) if ((placeOf.get(key) ?? name) !== name) keys.delete(key);
    this.learn(now);
  }

  /** The same from a round in doubt: nobody is forgotten, because another one may only seem to serve them. */
  learn(now: ReadonlyMap<string, readonly string[]>): void {
    for (const [name, keys] of now) {
      const known = this.#owners.get(name) ?? new Set();
      for (const key of keys) {
        known.delete(key);
        known.add(key);
      }
      for (const oldest of known) if (known.size > MOST_OWNERS) known.delete(oldest);
      this.#owners.set(name, known);
    }
  }

  /** Undefined when nobody remembers. */
  of(name: string): readonly string[] | undefined {
    const keys = this.#owners.get(name);
    return keys === undefined ? undefined : [...keys];
  }

  /** Only these load balancers are there or wanted. */
  keep(names: ReadonlySet<string>): void {
    for (const name of this.#owners.keys()) if (!names.has(name)) this.#owners.delete(name);
  }

  snapshot(): Readonly<Record<string, readonly string[]>> {
    return Object.fromEntries([...this.#owners].map(([name, keys]) => [name, [...keys]]));
  }
}
