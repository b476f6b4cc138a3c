import type { KubeObject } from "../kube/index.ts";
import type { Backend, Call, Pool, Registry, RouteDefinition } from "../route/index.ts";
import type { Owner } from "./owner.ts";
import type { Meta, ServiceObject, SliceObject } from "./kube-objects.ts";
import type { ConvertOptions } from "./options.ts";
import { type PoolBasis, type PoolBuilder, type PoolMemory, type ServiceReference, isSameList } from "./pools.ts";
import type { ObjectProblem } from "./world.ts";

/** How a back end is wanted. */
export type BackendSetting = Parameters<PoolBuilder["backend"]>[1];

/** A question to the world around an object, with the answer it got. */
export type Ask =
  /** `key`: `namespace/name`. */
  | { readonly kind: "service"; readonly key: string; readonly answer: ServiceObject | undefined }
  | {
      readonly kind: "backend";
      readonly key: string;
      readonly reference: ServiceReference;
      readonly setting: BackendSetting;
      readonly answer: BackendAnswer;
      /** Of the pool when it was asked last: as long as nothing of it changes, the answer stands. */
      basis: PoolBasis | undefined;
    }
  | { readonly kind: "missing"; readonly reference: ServiceReference; readonly algorithm: ConvertOptions["algorithm"] };

/** A back end, or the code and message of why there is none. */
export type BackendAnswer = { readonly backend: Backend } | { readonly thrown: unknown; readonly problem: string };

/** A route as it was added, and what it had asked to be called. */
export interface AddedRoute {
  readonly draftId: string;
  readonly owner: Owner;
  readonly hosts: readonly string[];
  readonly route: RouteDefinition;
  readonly defaultFilters: readonly Call[];
  /** A predicate that cannot be read or built. */
  readonly lost: Call | undefined;
}

/** All that the conversion of one object did: the same object that gets the same answers does the same again. */
export interface Fragment {
  readonly asks: Ask[];
  readonly added: AddedRoute[];
  readonly problems: ObjectProblem[];
  result: unknown;
}

interface KnownPool {
  readonly slices: readonly SliceObject[];
  readonly pool: Pool;
}

interface KnownCatchAll {
  readonly lost: Call | undefined;
  readonly added: AddedRoute;
}

/**
 * What `convert` remembers from one call to the next, so that it converts only the objects that changed and those whose Services did. Objects are
 * told apart by identity: whoever changes one makes a new one. It holds nothing that the objects do not keep alive.
 */
export class ConversionMemory implements PoolMemory {
  #options: ConvertOptions | undefined = undefined;
  #registry: Registry | undefined = undefined;
  #fragments = new WeakMap<KubeObject, Fragment>();
  #read = new WeakMap<KubeObject, unknown>();
  #pools = new WeakMap<ServiceObject, Map<string, KnownPool>>();
  #catchAlls = new WeakMap<Meta, Map<string, KnownCatchAll>>();

  /** With other options or another registry nothing that was remembered holds. */
  expect(options: ConvertOptions, registry: Registry | undefined): void {
    if (this.#options === options && this.#registry === registry) return;
    this.#options = options;
    this.#registry = registry;
    this.#fragments = new WeakMap();
    this.#read = new WeakMap();
    this.#pools = new WeakMap();
    this.#catchAlls = new WeakMap();
  }

  /** What `read` makes of the object; it is always asked with the same `read` for objects of one kind. What it throws is not remembered. */
  read<T>(object: KubeObject, read: (object: KubeObject) => T): T {
    const known = this.#read.get(object);
    if (known !== undefined) return known as T;
    const made = read(object);
    this.#read.set(object, made);
    return made;
  }

  pool(id: string, service: ServiceObject, slices: readonly SliceObject[], make: () => Pool): Pool {
    const pools = this.#pools.get(service) ?? new Map<string, KnownPool>();
    this.#pools.set(service, pools);
    const known = pools.get(id);
    if (known !== undefined && isSameList(known.slices, slices)) return known.pool;
    const pool = make();
    pools.set(id, { slices, pool });
    return pool;
  }

  /** The route that `make` makes for a host of this owner, where `lost` is the predicate of the host's routes that cannot be built. */
  catchAll(owner: Meta, draftId: string, lost: Call | undefined, make: () => AddedRoute): AddedRoute {
    const catchAlls = this.#catchAlls.get(owner) ?? new Map<string, KnownCatchAll>();
    this.#catchAlls.set(owner, catchAlls);
    const known = catchAlls.get(draftId);
    if (known !== undefined && known.lost === lost) return known.added;
    const added = make();
    catchAlls.set(draftId, { lost, added });
    return added;
  }

  fragment(object: KubeObject): Fragment | undefined {
    return this.#fragments.get(object);
  }

  keep(object: KubeObject, fragment: Fragment): void {
    this.#fragments.set(object, fragment);
  }
}

/** Whether both are about one Service, or about one port of it that is to be used in the same way. */
export function isSameQuestion(one: Ask, other: Ask): boolean {
  if (one.kind === "service") return other.kind === "service" && one.key === other.key;
  if (one.kind !== "backend" || other.kind !== "backend") return false;
  const [setting, otherSetting] = [one.setting, other.setting];
  return (
    one.key === other.key &&
    one.reference.port === other.reference.port &&
    setting.algorithm === otherSetting.algorithm &&
    setting.protocol === otherSetting.protocol &&
    setting.zoneAware === otherSetting.zoneAware
  );
}

/** Whether two answers lead to the same routes. */
export function isSameAnswer(left: BackendAnswer, right: BackendAnswer): boolean {
  if ("problem" in left || "problem" in right) return "problem" in left && "problem" in right && left.problem === right.problem;
  const [one, other] = [left.backend, right.backend];
  if (one.type === "pool" && other.type === "pool") return one.pool === other.pool && one.algorithm === other.algorithm;
  return one.type === "network" && other.type === "network" && one.address === other.address;
}
