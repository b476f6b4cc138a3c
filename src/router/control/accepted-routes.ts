import type { Accepted } from "../../hold/index.ts";
import {
  type ConversionChange,
  type ConvertOptions,
  IncrementalConversion,
  type ObjectChange,
  type ObjectKind,
  type TlsClaim,
  TlsClaimIndex,
} from "../../ingress/index.ts";
import type { KubeObject } from "../../kube/index.ts";
import type { Registry, RouteSet } from "../../route/index.ts";
import { type EndpointMember, SliceAssembly } from "./endpoint-members.ts";

/** What is accepted of each kind, by key. */
export interface AcceptedKinds {
  readonly objects: readonly (readonly [kind: ObjectKind, accepted: ReadonlyMap<string, Accepted<KubeObject>>])[];
  readonly endpoints: ReadonlyMap<string, Accepted<EndpointMember>>;
}

/** What became of what is accepted. */
export interface RoutesChange extends ConversionChange {
  /** All that there is now; told when what was told before does not count: the first time, and after an error. */
  readonly whole: RouteSet | undefined;
  /** Whether certificates are asked for that were not, or the other way round. */
  readonly asksForOthers: boolean;
}

interface Conversions {
  readonly slices: SliceAssembly;
  readonly routes: IncrementalConversion;
  readonly certificates: TlsClaimIndex;
}

/** Routes of what is accepted: tells from keys that changed which routes, pools and problems did. */
export class AcceptedRoutes {
  readonly #accepted: AcceptedKinds;
  readonly #options: ConvertOptions;
  readonly #registry: Registry;
  /** Keys by kind. */
  readonly #changed = new Map<string, Set<string>>();
  /** Undefined before all was looked at once. */
  #conversions: Conversions | undefined = undefined;

  constructor(accepted: AcceptedKinds, options: ConvertOptions, registry: Registry) {
    this.#accepted = accepted;
    this.#options = options;
    this.#registry = registry;
  }

  /** These of the kind are others than before. */
  note(kind: string, keys: readonly string[]): void {
    const changed = this.#changed.get(kind) ?? new Set();
    this.#changed.set(kind, changed);
    for (const key of keys) changed.add(key);
  }

  /** What became of what was noted since this was called last. Should it throw, it tells all the next time. */
  takeChange(): RoutesChange {
    const known = this.#conversions;
    this.#conversions = undefined;
    const conversions = known ?? {
      slices: new SliceAssembly(),
      routes: new IncrementalConversion(this.#options, this.#registry),
      certificates: new TlsClaimIndex(this.#options),
    };
    const changes = this.#changes(conversions.slices, known === undefined);
    const asksForOthers = conversions.certificates.apply(changes);
    const change = conversions.routes.apply(changes);
    this.#conversions = conversions;
    return { ...change, asksForOthers, whole: known === undefined ? conversions.routes.converted.routeSet : undefined };
  }

  /** What was told got lost: the next time it is told all. */
  forget(): void {
    this.#conversions = undefined;
  }

  /** What certificates are asked for; undefined before that is known. */
  get tlsClaims(): readonly TlsClaim[] | undefined {
    return this.#conversions?.certificates.claims;
  }

  #changes(slices: SliceAssembly, isWhole: boolean): readonly ObjectChange[] {
    const changes: ObjectChange[] = [];
    for (const [kind, accepted] of this.#accepted.objects) {
      for (const key of isWhole ? accepted.keys() : this.#noted(kind)) changes.push({ kind, key, object: accepted.get(key)?.value });
    }
    const { endpoints } = this.#accepted;
    for (const key of isWhole ? endpoints.keys() : this.#noted("EndpointSlice")) slices.put(key, endpoints.get(key));
    this.#changed.clear();
    for (const change of slices.takeChanges()) changes.push(change);
    return changes;
  }

  #noted(kind: ObjectKind): Iterable<string> {
    return this.#changed.get(kind) ?? [];
  }
}
