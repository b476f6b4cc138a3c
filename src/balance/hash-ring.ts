import { hashText } from "../kernel/index.ts";
import type { EndpointState } from "./endpoint-state.ts";

const VIRTUAL_NODES = 100;

const NO_HASHES = new Uint32Array(0);

/**
 * Consistent hashing: an endpoint that comes or goes moves the keys of its own share only. It never changes; what came and went is
 * merged into the next one, which costs a copy and not a sort.
 */
export class HashRing {
  readonly #hashes: Uint32Array;
  /** The endpoint that owns the arc ending at the hash of the same index. */
  readonly #owners: readonly EndpointState[];
  readonly #endpoints: ReadonlySet<EndpointState>;

  private constructor(hashes: Uint32Array, owners: readonly EndpointState[], endpoints: ReadonlySet<EndpointState>) {
    this.#hashes = hashes;
    this.#owners = owners;
    this.#endpoints = endpoints;
  }

  static readonly empty: HashRing = new HashRing(NO_HASHES, [], new Set());

  /** The ring of these endpoints, whatever their order. */
  with(endpoints: readonly EndpointState[]): HashRing {
    const all = new Set(endpoints);
    const points = pointsOf([...all].filter((endpoint) => !this.#endpoints.has(endpoint)));
    const gone = [...this.#endpoints].filter((endpoint) => !all.has(endpoint));
    const hashes = new Uint32Array(all.size * VIRTUAL_NODES);
    const owners: EndpointState[] = [];
    let next = 0;
    for (let at = 0; at < this.#hashes.length; at++) {
      const owner = this.#owners[at] as EndpointState;
      // In most cases nobody is gone, or one.
      if (gone.length > 0 && (gone.length < 4 ? gone.includes(owner) : !all.has(owner))) continue;
      const hash = this.#hashes[at] as number;
      while (next < points.length && precedes(points[next] as Point, hash, owner)) {
        const point = points[next++] as Point;
        hashes[owners.length] = point.hash;
        owners.push(point.owner);
      }
      hashes[owners.length] = hash;
      owners.push(owner);
    }
    for (; next < points.length; next++) {
      const point = points[next] as Point;
      hashes[owners.length] = point.hash;
      owners.push(point.owner);
    }
    return new HashRing(hashes, owners, all);
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

  ownerAt(position: number): EndpointState {
    return this.#owners[position] as EndpointState;
  }
}

interface Point {
  readonly hash: number;
  readonly owner: EndpointState;
}

function pointsOf(endpoints: readonly EndpointState[]): readonly Point[] {
  const points: Point[] = [];
  for (const owner of endpoints) {
    for (let node = 0; node < VIRTUAL_NODES; node++) points.push({ hash: hashText(`${owner.address}-${node}`), owner });
  }
  return points.sort((a, b) => (precedes(a, b.hash, b.owner) ? -1 : 1));
}

/** Equal hashes are ordered by address, so that every process has the same ring whatever the order of its list. */
function precedes(point: Point, hash: number, owner: EndpointState): boolean {
  return point.hash < hash || (point.hash === hash && point.owner.address < owner.address);
}
