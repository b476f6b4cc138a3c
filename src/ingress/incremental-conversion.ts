import { isDeepStrictEqual } from "node:util";

import { assertNever } from "../kernel/index.ts";
import type { KubeObject } from "../kube/index.ts";
import type { Registry } from "../route/index.ts";
import { Conversion } from "./conversion.ts";
import { convertObject, isSelected } from "./convert-object.ts";
import type { ConversionChange, Converted } from "./converted.ts";
import { ConvertedObject, PlacedRoute } from "./converted-object.ts";
import { type ClaimedHost, HostClaims } from "./host-claims.ts";
import { type Classes, isServedIngress, readClasses } from "./ingress-class.ts";
import { readMeta, readService, readSlice } from "./kube-objects.ts";
import type { ConvertOptions } from "./options.ts";
import { PlacedRoutes, type RouteChanges } from "./placed-routes.ts";
import { PoolSet } from "./pool-set.ts";
import { blame, droppedProblem, unique } from "./problems.ts";
import { globalRedirect, notFoundDraft } from "./routes-for-all.ts";
import { ServiceIndex, type SliceTier } from "./service-index.ts";
import type { ObjectChange, ObjectProblem } from "./world.ts";

/**
 * Turns objects into routes and pools and follows their changes, at a cost that goes with what changed. What it comes to depends on the objects that there
 * are, not on how they came to be. An object that cannot be used is dropped alone; what a back end lacks costs its own routes only, which then have
 * an empty pool. Two things are dearer: an IngressClass that changes has every Ingress looked at, though not converted; and an object with the host or the
 * route ids of a thousand others costs a search among them.
 */
export class IncrementalConversion {
  readonly #options: ConvertOptions;
  readonly #registry: Registry | undefined;
  readonly #services = new ServiceIndex();
  readonly #classObjects = new Map<string, KubeObject>();
  #classes: Classes = { controllers: new Map(), defaults: [] };
  /** Ingresses and RouteGroups by name. */
  readonly #objects = new Map<string, ConvertedObject>();
  readonly #hosts = new HostClaims();
  readonly #pools = new PoolSet();
  readonly #routes: PlacedRoutes;
  /** Objects by the Services that they asked for. */
  readonly #askers = new Map<string, Set<ConvertedObject>>();
  /** Of objects with which something is wrong, by name. */
  readonly #problems = new Map<string, readonly ObjectProblem[]>();
  readonly #dirty = new Set<ConvertedObject>();
  #problemChanges = new Map<string, readonly ObjectProblem[]>();

  /** `registry` is what the routes will be built with: where it cannot build a predicate, the host's 404 is a 503; what it cannot build is a problem. */
  constructor(options: ConvertOptions, registry: Registry | undefined) {
    this.#options = options;
    this.#registry = registry;
    this.#routes = new PlacedRoutes(registry);
  }

  apply(changes: Iterable<ObjectChange>): ConversionChange {
    let hasOtherClasses = false;
    for (const change of changes) {
      hasOtherClasses ||= change.kind === "IngressClass";
      this.#put(change);
    }
    if (hasOtherClasses) this.#readClasses();
    const { answers, members } = this.#services.takeChanges();
    for (const service of answers) for (const object of this.#askers.get(service) ?? []) this.#dirty.add(object);
    for (const service of members) this.#pools.refill(service);
    const retold = new Set(this.#dirty);
    for (const object of this.#dirty) this.#convert(object);
    this.#dirty.clear();
    for (const host of this.#hosts.takeChanged()) this.#answerFor(host);
    const routes = new Map<string, RouteChanges>();
    for (const [object, change] of this.#routes.takeChanges()) {
      routes.set(object.name, change);
      retold.add(object);
    }
    for (const object of retold) this.#tell(object.name, [...object.problems, ...blame(object.routes)]);
    const problems = this.#problemChanges;
    this.#problemChanges = new Map();
    return { routes, pools: this.#pools.takeChanges((service) => this.#services.members(service)), problems };
  }

  /** All that the objects became. */
  get converted(): Converted {
    const objects = [...this.#objects.values()].toSorted((one, other) => (one.isBefore(other) ? -1 : 1));
    const placed = objects.flatMap(({ routes }) => [...routes]);
    const notFound = placed.filter(({ isNotFound }) => isNotFound).toSorted((one, other) => (one.isBefore(other) ? -1 : 1));
    const inOrder = [...placed.filter(({ isNotFound }) => !isNotFound), ...notFound];
    const routes = inOrder.map(({ definition }) => definition);
    const names = [...this.#problems.keys()].toSorted();
    return {
      routeSet: { routes: this.#options.httpsRedirect ? [globalRedirect(this.#options), ...routes] : routes, pools: this.#pools.pools },
      problems: names.flatMap((name) => this.#problems.get(name) ?? []),
      owners: new Map(inOrder.map(({ id, owner }) => [id, owner])),
      defaultFilters: new Map(inOrder.map(({ id, defaultFilters }) => [id, defaultFilters])),
    };
  }

  #put({ kind, key, object }: ObjectChange): void {
    switch (kind) {
      case "Ingress":
      case "RouteGroup": {
        const name = `${kind} ${key}`;
        const known = this.#objects.get(name) ?? new ConvertedObject(kind, key);
        known.source = object;
        this.#objects.set(name, known);
        this.#dirty.add(known);
        break;
      }
      case "IngressClass":
        if (object === undefined) this.#classObjects.delete(key);
        else this.#classObjects.set(key, object);
        this.#tell(`IngressClass ${key}`, []);
        break;
      case "Service": {
        const service = this.#read(kind, key, object, readService);
        const isOurs = service !== undefined && isSelected(service.meta, this.#options.serviceSelector);
        this.#services.put(key, isOurs ? service : undefined);
        break;
      }
      case "EndpointSlice":
        this.#putSlice("fresh", kind, key, object);
        break;
      case "WithdrawnEndpointSlice":
        this.#putSlice("withdrawn", kind, key, object);
        break;
      default:
        assertNever(kind);
    }
  }

  #putSlice(tier: SliceTier, kind: ObjectChange["kind"], key: string, object: KubeObject | undefined): void {
    const { endpointSelector } = this.#options;
    // One that is not selected may be as wrong as it likes.
    const slice = this.#read(kind, key, object, (source) =>
      endpointSelector.size > 0 && !isSelected(readMeta(source), endpointSelector) ? undefined : readSlice(source),
    );
    this.#services.putSlice(tier, key, slice);
  }

  /** Undefined when it cannot be read, which is told. */
  #read<Value>(
    kind: ObjectChange["kind"],
    key: string,
    object: KubeObject | undefined,
    read: (object: KubeObject) => Value,
  ): Value | undefined {
    const name = `${kind} ${key}`;
    try {
      const value = object === undefined ? undefined : read(object);
      this.#tell(name, []);
      return value;
    } catch (thrown) {
      this.#tell(name, [droppedProblem(kind === "WithdrawnEndpointSlice" ? "EndpointSlice" : kind, key, thrown)]);
      return undefined;
    }
  }

  /** Has those Ingresses converted anew that are ours now and were not, or the other way round. */
  #readClasses(): void {
    this.#classes = readClasses(this.#classObjects, (name, thrown) =>
      this.#tell(`IngressClass ${name}`, [{ ...droppedProblem("IngressClass", name, thrown), effect: "ignored" }]),
    );
    for (const object of this.#objects.values()) {
      if (object.kind !== "Ingress") continue;
      const { said } = object;
      const isServed =
        said !== undefined && isServedIngress({ meta: said.owner.meta, className: said.className }, this.#classes, this.#options);
      if (isServed !== said?.isServed) this.#dirty.add(object);
    }
  }

  #convert(object: ConvertedObject): void {
    this.#takeBack(object);
    if (object.source === undefined) {
      this.#objects.delete(object.name);
      return;
    }
    const conversion = new Conversion(this.#options, this.#services, this.#registry);
    try {
      const said = convertObject(object.kind, object.source, this.#classes, conversion);
      object.said = said;
      object.problems = conversion.problems;
      object.doubts = new Map(
        conversion.routes.flatMap(({ lost, hosts }) => (lost === undefined ? [] : hosts.map((host) => [host, lost] as const))),
      );
      conversion.routes.forEach((added, at) => this.#routes.add(new PlacedRoute(object, said.owner, added, at)));
      object.pools = [...conversion.pools.keys()];
      for (const plan of conversion.pools.values()) this.#pools.use(plan);
    } catch (thrown) {
      object.problems = [...conversion.problems, droppedProblem(object.kind, object.key, thrown)];
    }
    this.#hosts.add(object);
    object.asked = [...conversion.asked];
    for (const service of object.asked) {
      const askers = this.#askers.get(service);
      if (askers === undefined) this.#askers.set(service, new Set([object]));
      else askers.add(object);
    }
  }

  /** As if it had never been converted; the 404s of its hosts stay until it is known who answers for them. */
  #takeBack(object: ConvertedObject): void {
    this.#hosts.remove(object);
    for (const route of object.routes) if (!route.isNotFound) this.#routes.remove(route);
    for (const id of object.pools) this.#pools.release(id);
    for (const service of object.asked) {
      const askers = this.#askers.get(service);
      askers?.delete(object);
      if (askers?.size === 0) this.#askers.delete(service);
    }
    object.forget();
  }

  /** A 404 for a host that has routes, but none for every path: a default back end is not meant to answer for it. Where it is not known what the host's routes are to take it is a 503. */
  #answerFor(host: ClaimedHost): void {
    const [first] = host.objects;
    const owner = this.#options.catchAll && host.complete === 0 ? first?.said?.owner : undefined;
    const lost = host.doubted.at(-1)?.doubts.get(host.name);
    const before = host.notFound;
    if (before?.route.owner === owner && before?.lost === lost) return;
    if (before !== undefined) this.#routes.remove(before.route);
    host.notFound = undefined;
    if (first === undefined || owner === undefined) return;
    const conversion = new Conversion(this.#options, this.#services, this.#registry);
    conversion.add(owner, notFoundDraft(host.name, owner, conversion.isInternal(host.name), lost));
    for (const added of conversion.routes) {
      const route = new PlacedRoute(first, owner, added, host.name);
      this.#routes.add(route);
      host.notFound = { route, lost };
    }
  }

  /** These are all that is wrong with the object now. */
  #tell(name: string, problems: readonly ObjectProblem[]): void {
    const now = unique(problems);
    const before = this.#problems.get(name) ?? [];
    if (isDeepStrictEqual(now, before)) return;
    if (now.length === 0) this.#problems.delete(name);
    else this.#problems.set(name, now);
    this.#problemChanges.set(name, now);
  }
}
