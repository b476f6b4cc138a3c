const VIRTUAL_NODES = 100;

/** FNV-1a with the finaliser of MurmurHash3, which spreads keys that differ in their last characters only. */
export function hashKey(key: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < key.length; at++) hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** Consistent hashing: an endpoint that comes or goes moves the keys of its own share only. */
export class HashRing {
  readonly #hashes: Uint32Array;
  /** Index of the endpoint that owns the arc ending at the hash of the same index. */
  readonly #owners: Int32Array;

  constructor(addresses: readonly string[]) {
    const points: { hash: number; owner: number }[] = [];
    addresses.forEach((address, owner) => {
      for (let node = 0; node < VIRTUAL_NODES; node++) points.push({ hash: hashKey(`${address}-${node}`), owner });
    });
    // Equal hashes are ordered by address, so that every process has the same ring whatever the order of its list.
    points.sort((a, b) => a.hash - b.hash || ((addresses[a.owner] as string) < (addresses[b.owner] as string) ? -1 : 1));
    this.#hashes = Uint32Array.from(points, (point) => point.hash);
    this.#owners = Int32Array.from(points, (point) => point.owner);
  }

  /** Number of points, `ownerAt` takes 0 to `size - 1`. */
  get size(): number {
    return this.#hashes.length;
  }

  /** Position of the first point at or behind `hash`. */
  positionOf(hash: number): number {
    const hashes = this.#hashes;
    let low = 0;
    let high = hashes.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((hashes[middle] as number) < hash) low = middle + 1;
      else high = middle;
    }
    return low === hashes.length ? 0 : low;
  }

  ownerAt(position: number): number {
    return this.#owners[position] as number;
  }
}
