import { insertInOrder, takeOut } from "./in-order.ts";
import type { ServiceObject, SliceObject } from "./kube-objects.ts";
import { type PoolMembers, type Surroundings, answersOf } from "./pools.ts";

/** Whether a slice is vouched for, or was taken back without proof. */
export type SliceTier = "fresh" | "withdrawn";

interface KeyedSlice {
  readonly tier: SliceTier;
  readonly key: string;
  /** `namespace/name` of its Service. */
  readonly service: string;
  readonly slice: SliceObject;
}

interface Known {
  service: ServiceObject | undefined;
  /** In the order of their keys. */
  readonly slices: Readonly<Record<SliceTier, KeyedSlice[]>>;
  /** What was told of it last; undefined where there is no such Service. */
  answers: string | undefined;
}

/** What became of Services. Keys are `namespace/name`. */
export interface ServiceChanges {
  /** Objects that ask for them may become other routes. */
  readonly answers: readonly string[];
  /** Their pools may have other members. */
  readonly members: readonly string[];
}

const NO_SLICES: readonly SliceObject[] = [];

/** Services with their slices, and what of them changed. */
export class ServiceIndex implements Surroundings {
  readonly #known = new Map<string, Known>();
  /** By tier and key. */
  readonly #slices = { fresh: new Map<string, KeyedSlice>(), withdrawn: new Map<string, KeyedSlice>() };
  /** Who has an address, by address; somebody as often as slices say so. */
  readonly #holders = new Map<string, string[]>();
  /** Services that have the address in a withdrawn slice. */
  readonly #withdrawnAt = new Map<string, string[]>();
  readonly #changed = new Set<string>();

  service(key: string): ServiceObject | undefined {
    return this.#known.get(key)?.service;
  }

  slices(key: string): readonly SliceObject[] {
    return slicesOf(this.#known.get(key)?.slices.fresh);
  }

  members(key: string): PoolMembers {
    const withdrawn = slicesOf(this.#known.get(key)?.slices.withdrawn);
    return { slices: this.slices(key), withdrawn, isTaken: (address, target) => this.#isTaken(address, target) };
  }

  put(key: string, service: ServiceObject | undefined): void {
    this.#of(key).service = service;
    this.#changed.add(key);
  }

  /** `key` is the slice's own. */
  putSlice(tier: SliceTier, key: string, slice: SliceObject | undefined): void {
    const before = this.#slices[tier].get(key);
    if (before !== undefined) this.#removeSlice(before);
    if (slice?.serviceName === undefined) return;
    const keyed: KeyedSlice = { tier, key, service: `${slice.meta.namespace}/${slice.serviceName}`, slice };
    this.#slices[tier].set(key, keyed);
    insertInOrder(this.#of(keyed.service).slices[tier], keyed, (one, other) => one.key < other.key);
    this.#changed.add(keyed.service);
    for (const [index, address, value] of this.#addresses(keyed)) {
      const values = index.get(address);
      if (values === undefined) index.set(address, [value]);
      else values.push(value);
    }
  }

  /** What changed since it was asked last. */
  takeChanges(): ServiceChanges {
    const members = [...this.#changed];
    this.#changed.clear();
    const answers = members.filter((key) => {
      const known = this.#of(key);
      const before = known.answers;
      known.answers = known.service === undefined ? undefined : answersOf(known.service, slicesOf(known.slices.fresh));
      if (known.service === undefined && known.slices.fresh.length + known.slices.withdrawn.length === 0) this.#known.delete(key);
      return known.answers !== before;
    });
    return { answers, members };
  }

  #of(key: string): Known {
    let known = this.#known.get(key);
    if (known === undefined) {
      known = { service: undefined, slices: { fresh: [], withdrawn: [] }, answers: undefined };
      this.#known.set(key, known);
    }
    return known;
  }

  #removeSlice(keyed: KeyedSlice): void {
    const { tier, key, service } = keyed;
    this.#slices[tier].delete(key);
    takeOut(this.#of(service).slices[tier], keyed);
    this.#changed.add(service);
    for (const [index, address, value] of this.#addresses(keyed)) {
      const values = index.get(address) ?? [];
      takeOut(values, value);
      if (values.length === 0) index.delete(address);
    }
  }

  /** Where the slice's addresses are written down. Of an address that somebody gets or loses, who was withdrawn from it may have to do with that. */
  *#addresses({ tier, service, slice }: KeyedSlice): Generator<readonly [Map<string, string[]>, string, string]> {
    for (const { address, target } of slice.endpoints) {
      if (tier === "withdrawn") yield [this.#withdrawnAt, address, service];
      else if (target !== undefined) {
        for (const other of this.#withdrawnAt.get(address) ?? []) this.#changed.add(other);
        yield [this.#holders, address, target];
      }
    }
  }

  #isTaken(address: string, target: string | undefined): boolean {
    const holders = this.#holders.get(address);
    return holders !== undefined && (target === undefined || !holders.includes(target));
  }
}

function slicesOf(keyed: readonly KeyedSlice[] | undefined): readonly SliceObject[] {
  return keyed === undefined || keyed.length === 0 ? NO_SLICES : keyed.map(({ slice }) => slice);
}
