import { AppError, messageOf } from "../kernel/index.ts";
import type { KubeObject } from "../kube/index.ts";
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
import {
  type AddedRoute,
  type Ask,
  type BackendAnswer,
  type BackendSetting,
  ConversionMemory,
  type Fragment,
  isSameAnswer,
  isSameQuestion,
} from "./conversion-memory.ts";
import { hostPredicates, isBelow } from "./host-expression.ts";
import type { ServiceObject } from "./kube-objects.ts";
import type { ConvertOptions } from "./options.ts";
import type { Owner } from "./owner.ts";
import type { PoolBasis, PoolBuilder, ServiceReference } from "./pools.ts";
import { RouteIds } from "./route-id.ts";
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

/** What one run of `convert` gathers. */
export class Conversion {
  readonly options: ConvertOptions;
  readonly pools: PoolBuilder;
  readonly routes: RouteDefinition[] = [];
  readonly problems: ObjectProblem[] = [];
  /** The object each route is from, by route id. */
  readonly owners = new Map<string, Owner>();
  readonly defaultFilters = new Map<string, readonly Call[]>();
  readonly #ids = new RouteIds();
  /** Hosts of routes whose predicates cannot all be read or built, with one that cannot. */
  readonly #doubtedHosts = new Map<string, Call>();

  readonly #registry: Registry | undefined;

  readonly memory: ConversionMemory;
  /** What the object that is being converted does, to be remembered. */
  #recorded: Fragment | undefined = undefined;

  constructor(options: ConvertOptions, pools: PoolBuilder, registry?: Registry, memory = new ConversionMemory()) {
    this.#registry = registry;
    this.memory = memory;
    this.options = options;
    this.pools = pools;
  }

  /** Runs the conversion of an object, or does what it did the last time when all that it asked for is as it was. */
  once<T>(object: KubeObject, run: () => T): T {
    const known = this.memory.fragment(object);
    if (known?.asks.every((ask) => this.#isStill(ask)) === true) {
      for (const added of known.added) this.#place(added);
      for (const problem of known.problems) this.problems.push(problem);
      return known.result as T;
    }
    const recorded: Fragment = { asks: [], added: [], problems: [], result: undefined };
    this.#recorded = recorded;
    try {
      const result = run();
      recorded.result = result;
      this.memory.keep(object, recorded);
      return result;
    } finally {
      this.#recorded = undefined;
    }
  }

  isInternal(host: string): boolean {
    return this.options.eastWestRange !== undefined && isBelow(host, this.options.eastWestRange.domains);
  }

  /** Adds a route with what the options ask for on every route of its owner. All its hosts are internal or none is. */
  add(owner: Owner, draft: RouteDraft): void {
    const added = this.#make(owner, draft);
    this.#recorded?.added.push(added);
    this.#place(added);
  }

  #make(owner: Owner, draft: RouteDraft): AddedRoute {
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
    return { draftId: draft.id, owner, hosts: draft.hosts, route, defaultFilters: draft.defaultFilters ?? [], lost };
  }

  /** Gives it an id of its own, which depends on the routes before it. */
  #place({ draftId, owner, hosts, route, defaultFilters, lost }: AddedRoute): void {
    if (lost !== undefined) for (const host of hosts) this.#doubtedHosts.set(host, lost);
    const id = this.#ids.take(draftId, () => `${owner.kind} ${owner.meta.namespace}/${owner.meta.name} ${draftId}`);
    this.owners.set(id, owner);
    this.defaultFilters.set(id, defaultFilters);
    this.routes.push(id === route.id ? route : { ...route, id });
  }

  report(owner: Owner, effect: ObjectProblem["effect"], thrown: unknown, where = ""): void {
    const { kind, meta } = owner;
    const code = thrown instanceof AppError ? thrown.code : "INGRESS_FIELD";
    const message = where === "" ? messageOf(thrown) : `${where}: ${messageOf(thrown)}`;
    const problem: ObjectProblem = { kind, namespace: meta.namespace, name: meta.name, code, message, effect };
    this.#recorded?.problems.push(problem);
    this.problems.push(problem);
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

  /** Adds a 404 for what no route of these hosts takes; 503 where it is not known what their routes are to take. */
  addCatchAll(owner: Owner, draft: RouteDraft): void {
    const lost = draft.hosts.map((host) => this.#doubtedHosts.get(host)).find((call) => call !== undefined);
    const added = this.memory.catchAll(owner.meta, draft.id, lost, () => {
      if (lost === undefined) return this.#make(owner, draft);
      const filter = isUnreadable(lost) ? lost : unreadable(`predicate ${lost.name}() of a route of this host`);
      return this.#make(owner, { ...draft, filters: [filter] });
    });
    this.#place(added);
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
    const whole = { ...setting, zoneAware: isZoneAware(owner.meta) };
    const answer = this.#askBackend(reference, whole);
    const key = `${reference.namespace}/${reference.name}`;
    this.#record({ kind: "backend", key, reference, setting: whole, answer, basis: this.#basisOf(key, answer) });
    if ("backend" in answer) return answer.backend;
    this.report(owner, "partial", answer.thrown, where);
    return this.missing(reference, setting.algorithm);
  }

  /** The paths of an object mostly have one Service: what was asked a moment ago need not be asked twice. */
  #record(ask: Ask): void {
    const asks = this.#recorded?.asks;
    const [last, before] = [asks?.at(-1), asks?.at(-2)];
    if ((last !== undefined && isSameQuestion(last, ask)) || (before !== undefined && isSameQuestion(before, ask))) return;
    asks?.push(ask);
  }

  #basisOf(key: string, answer: BackendAnswer): PoolBasis | undefined {
    return "backend" in answer ? this.pools.basisOf(key, answer.backend) : undefined;
  }

  service(namespace: string, name: string): ServiceObject | undefined {
    const key = `${namespace}/${name}`;
    const answer = this.pools.service(key);
    this.#record({ kind: "service", key, answer });
    return answer;
  }

  /** A back end without endpoints. */
  missing(reference: ServiceReference, algorithm: Algorithm): Backend {
    this.#recorded?.asks.push({ kind: "missing", reference, algorithm });
    return this.pools.missing(reference, algorithm);
  }

  #askBackend(reference: ServiceReference, setting: BackendSetting): BackendAnswer {
    try {
      return { backend: this.pools.backend(reference, setting) };
    } catch (thrown) {
      return { thrown, problem: `${thrown instanceof AppError ? thrown.code : ""} ${messageOf(thrown)}` };
    }
  }

  /** Asks again, which also makes the pool it is about. */
  #isStill(ask: Ask): boolean {
    if (ask.kind === "service") return this.pools.service(ask.key) === ask.answer;
    if (ask.kind === "backend") {
      if (ask.basis !== undefined && this.pools.takeAgain(ask.basis)) return true;
      const answer = this.#askBackend(ask.reference, ask.setting);
      ask.basis = this.#basisOf(ask.key, answer);
      return isSameAnswer(answer, ask.answer);
    }
    this.pools.missing(ask.reference, ask.algorithm);
    return true;
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
