import { AppError, messageOf } from "../kernel/index.ts";
import {
  type Algorithm,
  type Backend,
  type Call,
  PLACING_PREDICATES,
  type Registry,
  type RouteDefinition,
  compileRegexp,
} from "../route/index.ts";
import { callsByAnnotation, isZoneAware, readFilters } from "./annotations.ts";
import { hostPredicates, isBelow } from "./host-expression.ts";
import type { ServiceObject } from "./kube-objects.ts";
import type { ConvertOptions } from "./options.ts";
import type { Owner } from "./owner.ts";
import { type BackendSetting, type PoolPlan, type ServiceReference, type Surroundings, missingBackend, serviceBackend } from "./pools.ts";
import { isUnreadable, unreadable } from "./unreadable.ts";
import type { ObjectProblem } from "./world.ts";

/** A route before the rules for all routes are applied: Host, annotations of the owner, its id made unique. */
export interface RouteDraft {
  readonly id: string;
  readonly hosts: readonly string[];
  readonly predicates: readonly Call[];
  readonly filters: readonly Call[];
  /** Those of `filters` that are kept when there is no endpoint to send to. */
  readonly defaultFilters?: readonly Call[];
  readonly backend: Backend;
}

/** A route of an object; its id may be another's too. */
export interface AddedRoute {
  readonly route: RouteDefinition;
  readonly hosts: readonly string[];
  readonly defaultFilters: readonly Call[];
  /** A predicate that cannot be read or built. */
  readonly lost: Call | undefined;
}

/** What the conversion of one object gathers: what it added, and what it asked of others for that. */
export class Conversion {
  readonly options: ConvertOptions;
  readonly routes: AddedRoute[] = [];
  readonly problems: ObjectProblem[] = [];
  /** Services that were asked for, `namespace/name`: with other answers it would have become something else. */
  readonly asked = new Set<string>();
  /** By id. */
  readonly pools = new Map<string, PoolPlan>();
  readonly #surroundings: Surroundings;
  readonly #registry: Registry | undefined;

  constructor(options: ConvertOptions, surroundings: Surroundings, registry: Registry | undefined) {
    this.options = options;
    this.#surroundings = surroundings;
    this.#registry = registry;
  }

  isInternal(host: string): boolean {
    return this.options.eastWestRange !== undefined && isBelow(host, this.options.eastWestRange.domains);
  }

  /** Adds a route with what the options ask for on every route of its owner. All its hosts are internal or none is. */
  add(owner: Owner, draft: RouteDraft): void {
    const { options } = this;
    const internal = draft.hosts.some((host) => this.isInternal(host)) ? options.eastWestRange : undefined;
    const predicates = internal?.annotationPredicates ?? options.annotationPredicates;
    const filters = internal?.annotationFilters ?? options.annotationFilters;
    const lost = draft.predicates.find((call) => isUnreadable(call) || !this.#canBuild(call));
    const route: RouteDefinition = {
      id: draft.id,
      predicates: [
        ...hostPredicates(draft.hosts),
        ...draft.predicates,
        ...(internal?.predicates ?? []),
        ...callsByAnnotation(owner.meta, predicates),
      ],
      filters: [...draft.filters, ...callsByAnnotation(owner.meta, filters)],
      backend: draft.backend,
    };
    this.routes.push({ route, hosts: draft.hosts, defaultFilters: draft.defaultFilters ?? [], lost });
  }

  report(owner: Owner, effect: ObjectProblem["effect"], thrown: unknown, where = ""): void {
    const { kind, meta } = owner;
    const code = thrown instanceof AppError ? thrown.code : "INGRESS_FIELD";
    const message = where === "" ? messageOf(thrown) : `${where}: ${messageOf(thrown)}`;
    this.problems.push({ kind, namespace: meta.namespace, name: meta.name, code, message, effect });
  }

  /** What `read` reads; where that throws, what makes a route answer 503 instead. Throws as `read` where unreadable objects are dropped. */
  orUnreadable(owner: Owner, read: () => readonly Call[]): readonly Call[] {
    try {
      return read();
    } catch (thrown) {
      if (this.options.dropUnreadable) throw thrown;
      this.report(owner, "partial", thrown);
      return [unreadable(thrown)];
    }
  }

  /** What cannot be judged here, for want of a registry, counts as sound. */
  #canBuild(call: Call): boolean {
    if (this.#registry === undefined || PLACING_PREDICATES.some((name) => name === call.name)) return true;
    const spec = this.#registry.predicates.get(call.name);
    if (spec === undefined) return false;
    try {
      spec.create(call.args);
      return true;
    } catch {
      return false; // the table will say why
    }
  }

  /** A Service's pool, or one without endpoints and a problem at `where`: what one back end lacks must not cost the others. */
  serviceBackend(owner: Owner, where: string, reference: ServiceReference, setting: Omit<BackendSetting, "zoneAware">): Backend {
    this.asked.add(`${reference.namespace}/${reference.name}`);
    try {
      const whole = { ...setting, zoneAware: isZoneAware(owner.meta) };
      const { backend, pool } = serviceBackend(reference, whole, this.#surroundings, this.options);
      if (pool !== undefined) this.pools.set(pool.id, pool);
      return backend;
    } catch (thrown) {
      this.report(owner, "partial", thrown, where);
      return this.missing(reference, setting.algorithm);
    }
  }

  service(namespace: string, name: string): ServiceObject | undefined {
    const key = `${namespace}/${name}`;
    this.asked.add(key);
    return this.#surroundings.service(key);
  }

  /** A back end without endpoints. */
  missing(reference: ServiceReference, algorithm: Algorithm): Backend {
    const { backend, pool } = missingBackend(reference, algorithm);
    this.pools.set(pool.id, pool);
    return backend;
  }

  /** The filters that stand before all others on a route of this owner to this Service. Throws AppError `INGRESS_ESKIP`. */
  leadingFilters(owner: Owner, service: string | undefined): readonly Call[] {
    const { applicationLabel, topologyZone, defaultFilters } = this.options;
    const application = applicationLabel === undefined ? undefined : owner.meta.labels.get(applicationLabel);
    const key = `${service}.${owner.meta.namespace}`;
    return [
      ...(application === undefined ? [] : [{ name: "annotate", args: ["Application", application] }]),
      ...(topologyZone === undefined || isZoneAware(owner.meta)
        ? []
        : [{ name: "annotate", args: ["zalando.org/traffic-zone-aware", "false"] }]),
      ...(service === undefined ? [] : readFilters(defaultFilters.get(key) ?? "", `default filters of ${key}`)),
    ];
  }

  /** Throws AppError `INGRESS_EXTERNAL_NAME` when the host of this address may not be sent to. */
  checkExternal(address: string): void {
    const allowed = this.options.allowedExternalNames;
    if (allowed === undefined) return;
    const host = URL.canParse(address) ? new URL(address).hostname : address;
    if (!allowed.some((source) => compileRegexp(source).test(host))) {
      throw new AppError("INGRESS_EXTERNAL_NAME", `host ${host} is not among the allowed external names`);
    }
  }

  redirectRoute(base: RouteDraft, suffix: string, code: number, weight: readonly Call[]): RouteDraft {
    return {
      id: `${base.id}_${suffix}`,
      hosts: base.hosts,
      predicates: [FROM_HTTP, ...weight, ...base.predicates],
      filters: [{ name: "redirectTo", args: [code, "https:"] }],
      backend: { type: "shunt" },
    };
  }
}

/** Requests that reached the load balancer by http. */
export const FROM_HTTP: Call = { name: "Header", args: ["X-Forwarded-Proto", "http"] };
/** Puts a route before others at its place. */
export const FIRST: readonly Call[] = [{ name: "Weight", args: [1000] }];
