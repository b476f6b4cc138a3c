import type { Call } from "../route/index.ts";
import type { ConvertedObject, PlacedRoute } from "./converted-object.ts";
import { insertInOrder, takeOut } from "./in-order.ts";

/** A host that objects have routes for. */
export interface ClaimedHost {
  readonly name: string;
  /** Those that have it, in order. */
  readonly objects: ConvertedObject[];
  /** How many of them have routes for all of it. */
  complete: number;
  /** Those that have a route for it of which it is not known what it is to take, in order. */
  readonly doubted: ConvertedObject[];
  /** Its 404. */
  notFound: { readonly route: PlacedRoute; readonly lost: Call | undefined } | undefined;
}

/** Hosts, and which of them may need another 404 than before. */
export class HostClaims {
  readonly #hosts = new Map<string, ClaimedHost>();
  readonly #changed = new Set<string>();

  /** Adds what the object says and doubts. */
  add(object: ConvertedObject): void {
    for (const [name, isComplete] of object.said?.hosts ?? []) {
      const host = this.#of(name);
      insertInOrder(host.objects, object, (one, other) => one.isBefore(other));
      host.complete += Number(isComplete);
    }
    for (const name of object.doubts.keys()) insertInOrder(this.#of(name).doubted, object, (one, other) => one.isBefore(other));
  }

  /** Takes back what the object said and doubted; it must say it still. */
  remove(object: ConvertedObject): void {
    for (const [name, isComplete] of object.said?.hosts ?? []) {
      const host = this.#of(name);
      takeOut(host.objects, object);
      host.complete -= Number(isComplete);
    }
    for (const name of object.doubts.keys()) takeOut(this.#of(name).doubted, object);
  }

  /** Those that objects had, lost, or doubted since it was asked last. */
  takeChanged(): readonly ClaimedHost[] {
    const changed = [...this.#changed].map((name) => this.#of(name));
    this.#changed.clear();
    for (const { name, objects, doubted } of changed) if (objects.length + doubted.length === 0) this.#hosts.delete(name);
    return changed;
  }

  #of(name: string): ClaimedHost {
    this.#changed.add(name);
    let host = this.#hosts.get(name);
    if (host === undefined) this.#hosts.set(name, (host = { name, objects: [], complete: 0, doubted: [], notFound: undefined }));
    return host;
  }
}
