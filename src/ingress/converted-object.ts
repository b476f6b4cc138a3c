import type { KubeObject } from "../kube/index.ts";
import type { Call, RouteDefinition, RouteProblem } from "../route/index.ts";
import type { AddedRoute } from "./conversion.ts";
import type { Owner } from "./owner.ts";
import type { IdClaim } from "./route-id.ts";
import type { ObjectProblem } from "./world.ts";

const NONE: readonly never[] = [];
const NO_DOUBTS: ReadonlyMap<string, Call> = new Map();

/** What an object says that its routes alone do not tell. */
export interface Said {
  readonly owner: Owner;
  /** Of an Ingress, its spec's. */
  readonly className: string | undefined;
  /** Whether it is ours. */
  readonly isServed: boolean;
  /** Hosts that are to have a 404 for what no route of theirs takes, and whether this object has routes for all of it. */
  readonly hosts: ReadonlyMap<string, boolean>;
}

/** An Ingress or RouteGroup, and what became of it. */
export class ConvertedObject {
  readonly kind: "Ingress" | "RouteGroup";
  /** `namespace/name`. */
  readonly key: string;
  /** Undefined when it is gone. */
  source: KubeObject | undefined = undefined;
  /** Undefined when it cannot be used. */
  said: Said | undefined = undefined;
  /** Its routes, and the 404s of hosts of which it is the first to have them. */
  readonly routes = new Set<PlacedRoute>();
  problems: readonly ObjectProblem[] = NONE;
  /** Services it asked for. */
  asked: readonly string[] = NONE;
  /** Ids of pools that its routes name. */
  pools: readonly string[] = NONE;
  /** Hosts with a route of its own that has a predicate which cannot be read or built. */
  doubts: ReadonlyMap<string, Call> = NO_DOUBTS;

  constructor(kind: "Ingress" | "RouteGroup", key: string) {
    this.kind = kind;
    this.key = key;
  }

  /** `Ingress shop/web`: also its place in the order of all. */
  get name(): string {
    return `${this.kind} ${this.key}`;
  }

  /** What it became is taken back. */
  forget(): void {
    this.said = undefined;
    this.problems = NONE;
    this.asked = NONE;
    this.pools = NONE;
    this.doubts = NO_DOUBTS;
  }

  isBefore(other: ConvertedObject): boolean {
    return this.kind === other.kind ? this.key < other.key : this.kind === "Ingress";
  }
}

/** A route under the id that it got. */
export class PlacedRoute implements IdClaim {
  readonly object: ConvertedObject;
  readonly owner: Owner;
  readonly defaultFilters: readonly Call[];
  readonly #draft: RouteDefinition;
  readonly #place: number | string;
  id: string;
  denied: readonly string[] = NONE;
  problems: readonly RouteProblem[] = NONE;

  /** `place`: which of the object's routes it is; or, of a 404, its host: those come after all others. */
  constructor(object: ConvertedObject, owner: Owner, { route, defaultFilters }: AddedRoute, place: number | string) {
    this.object = object;
    this.owner = owner;
    this.defaultFilters = defaultFilters;
    this.#draft = route;
    this.#place = place;
    this.id = route.id;
  }

  /** Whether it is the 404 of a host. */
  get isNotFound(): boolean {
    return typeof this.#place === "string";
  }

  get origin(): string {
    const { kind, meta } = this.owner;
    return `${kind} ${meta.namespace}/${meta.name} ${this.#draft.id}`;
  }

  get definition(): RouteDefinition {
    return this.#draft.id === this.id ? this.#draft : { ...this.#draft, id: this.id };
  }

  isBefore(other: PlacedRoute): boolean {
    const [place, otherPlace] = [this.#place, other.#place];
    if (typeof place === "string" || typeof otherPlace === "string") {
      return typeof place === "number" || (typeof otherPlace === "string" && place < otherPlace);
    }
    return this.object === other.object ? place < otherPlace : this.object.isBefore(other.object);
  }
}
