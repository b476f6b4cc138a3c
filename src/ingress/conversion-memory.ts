import type { KubeObject } from "../kube/index.ts";
import type { Backend, Call, Registry, RouteDefinition } from "../route/index.ts";
import type { Owner } from "./owner.ts";
import type { ServiceObject } from "./kube-objects.ts";
import type { ConvertOptions } from "./options.ts";
import type { PoolBuilder, ServiceReference } from "./pools.ts";
import type { ObjectProblem } from "./world.ts";

/** How a back end is wanted. */
export type BackendSetting = Parameters<PoolBuilder["backend"]>[1];

/** A question to the world around an object, with the answer it got. */
export type Ask =
  | { readonly kind: "service"; readonly namespace: string; readonly name: string; readonly answer: ServiceObject | undefined }
  | { readonly kind: "backend"; readonly reference: ServiceReference; readonly setting: BackendSetting; readonly answer: BackendAnswer }
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

/**
 * What `convert` remembers from one call to the next, so that it converts only the objects that changed and those whose Services did. Objects are
 * told apart by identity: whoever changes one makes a new one. It holds nothing that the objects do not keep alive.
 */
export class ConversionMemory {
  #options: ConvertOptions | undefined = undefined;
  #registry: Registry | undefined = undefined;
  #fragments = new WeakMap<KubeObject, Fragment>();
  #read = new WeakMap<KubeObject, unknown>();

  /** With other options or another registry nothing that was remembered holds. */
  expect(options: ConvertOptions, registry: Registry | undefined): void {
    if (this.#options === options && this.#registry === registry) return;
    this.#options = options;
    this.#registry = registry;
    this.#fragments = new WeakMap();
    this.#read = new WeakMap();
  }

  /** What `read` makes of the object; it is always asked with the same `read` for objects of one kind. What it throws is not remembered. */
  read<T>(object: KubeObject, read: (object: KubeObject) => T): T {
    const known = this.#read.get(object);
    if (known !== undefined) return known as T;
    const made = read(object);
    this.#read.set(object, made);
    return made;
  }

  fragment(object: KubeObject): Fragment | undefined {
    return this.#fragments.get(object);
  }

  keep(object: KubeObject, fragment: Fragment): void {
    this.#fragments.set(object, fragment);
  }
}

/** Whether two answers lead to the same routes. */
export function isSameAnswer(left: BackendAnswer, right: BackendAnswer): boolean {
  if ("problem" in left || "problem" in right) return "problem" in left && "problem" in right && left.problem === right.problem;
  const [one, other] = [left.backend, right.backend];
  if (one.type === "pool" && other.type === "pool") return one.pool === other.pool && one.algorithm === other.algorithm;
  return one.type === "network" && other.type === "network" && one.address === other.address;
}
