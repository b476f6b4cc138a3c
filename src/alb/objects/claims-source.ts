import type { HeldRemoval, HoldDecision } from "../../admin/index.ts";
import { type Hold, type HoldPolicy, type HoldState } from "../../hold/index.ts";
import { readClasses } from "../../ingress/index.ts";
import { type Clock, type Random, isRecord, messageOf } from "../../kernel/index.ts";
import { type Heartbeat, type KubeClient, type KubeObject, type Resource, createHeartbeat, kinds } from "../../kube/index.ts";
import { type Mirror, type MirrorStore, type SourceStatus, createMirror } from "../../mirror/index.ts";
import type { Log, MetricsRegistry } from "../../telemetry/index.ts";
import type { Evidence } from "../evidence.ts";
import { type ClaimProblem, ownerKey } from "../model/claim.ts";
import { claimObject, restoreClaimObject } from "./claim-object.ts";
import type { ClaimOptions } from "./claim-options.ts";
import { INVALID, type ReadClaims, claimsOf } from "./claims.ts";
import { visitsOf } from "./visits.ts";
import { isServed, readClaim } from "./to-claim.ts";

export interface ClaimsSourceOptions {
  readonly claims: ClaimOptions;
  /** What `snapshot` gave to a former process; undefined when there is nothing. */
  readonly restored?: unknown;
  /** What was not heard of for longer is stale. */
  readonly staleAfterMs?: number;
}

export interface ClaimsSourceDeps {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: MetricsRegistry;
  /** Something else is asked for than before, or is known for sure only now. */
  readonly onChange: () => void;
}

/** What all objects of the cluster ask for, as far as it is believed. */
export interface ClaimsSource {
  start(): void;
  /** `fresh` while every kind is followed without a gap. Objects whose removal is held are among it. */
  read(): Evidence<ReadClaims>;
  /**
   * By what load balancers clients come to which hosts: the host names in the status of every object that is known, lower case, with the hosts of the objects. Also of
   * objects that are not the controller's any more, or cannot be used.
   */
  visits(): ReadonlyMap<string, readonly string[]>;
  /** The newest version that was seen of an object, by its owner's key; of one that cannot be used its refused version. */
  object(owner: string): KubeObject | undefined;
  status(): Readonly<Record<string, SourceStatus>>;
  held(): readonly HeldRemoval[];
  /** False when none of its holds knows the id. Throws AppError `HOLD_DECISION`. */
  decide(decision: HoldDecision): boolean;
  /** Everything that the next process needs, as JSON. */
  snapshot(): unknown;
  stop(): Promise<void>;
}

const STALE_AFTER_MS = 60_000;
const REFUSED_SURPLUS = 1_000;
/** As the router's, slower: a load balancer can wait longer than a route. */
const POLICY: Partial<HoldPolicy> = {
  small: { confirmations: 2, holdMs: 60_000 },
  large: { confirmations: 5, holdMs: 1_800_000 },
  rewound: { confirmations: 10, holdMs: 7_200_000 },
};

/** Follows Ingresses, RouteGroups and IngressClasses. A version that cannot be used does not replace the one before it. */
export function createClaimsSource(options: ClaimsSourceOptions, deps: ClaimsSourceDeps): ClaimsSource {
  return new KubeClaimsSource(options, deps);
}

class KubeClaimsSource implements ClaimsSource {
  readonly #options: ClaimsSourceOptions;
  readonly #deps: ClaimsSourceDeps;
  readonly #heartbeat: Heartbeat;
  readonly #holds = new Map<string, Hold<unknown>>();
  readonly #ingresses: Mirror<KubeObject>;
  readonly #routeGroups: Mirror<KubeObject>;
  readonly #ingressClasses: Mirror<KubeObject>;
  /** Newest versions that are not accepted, by owner. */
  readonly #refused = new Map<string, KubeObject>();
  /** Undefined when it has to be read anew. */
  #claims: ReadClaims | undefined;
  /** Of the last time that all was fresh. */
  #freshAtMs: number | undefined;

  constructor(options: ClaimsSourceOptions, deps: ClaimsSourceDeps) {
    this.#options = options;
    this.#deps = deps;
    const silenceMs = (this.#staleAfterMs * 2) / 3;
    this.#heartbeat = createHeartbeat({ resource: kinds.ingressClasses, silenceMs, timeoutMs: this.#staleAfterMs - silenceMs }, deps);
    const store = this.#storeOf(options.restored);
    const mirror = (resource: Resource, isOptional = false): Mirror<KubeObject> =>
      createMirror<KubeObject, KubeObject>(
        {
          resource,
          optional: isOptional,
          decode: (object) => this.#decode(object),
          restore: restoreClaimObject,
          toMembers: (sink) => sink,
          policy: POLICY,
        },
        {
          ...deps,
          heartbeat: this.#heartbeat,
          store,
          onChange: () => this.#changed(),
          onStatus: () => {},
          onPoisoned: () => this.#changed(),
        },
      );
    this.#ingressClasses = mirror(kinds.ingressClasses);
    this.#ingresses = mirror(kinds.ingresses);
    this.#routeGroups = mirror(kinds.routeGroups, true);
  }

  start(): void {
    for (const mirror of this.#mirrors) mirror.start();
    this.#heartbeat.start();
  }

  read(): Evidence<ReadClaims> {
    const unknown = this.#mirrors.filter(({ isKnown }) => !isKnown);
    if (unknown.length > 0) return { state: "unknown", why: unknown.map((mirror) => whyNot(mirror)).join("; ") };
    const { claims, problems } = (this.#claims ??= this.#readAll());
    const value = { claims, problems: [...problems, ...this.#refusals()] };
    const stale = this.#mirrors.filter(({ isLive, ageMs }) => !isLive || (ageMs ?? Infinity) > this.#staleAfterMs);
    const nowMs = this.#deps.clock.wallMs();
    if (stale.length > 0)
      return { state: "stale", value, atMs: this.#freshAtMs ?? 0, why: stale.map((mirror) => whyNot(mirror)).join("; ") };
    this.#freshAtMs = nowMs;
    return { state: "fresh", value, atMs: nowMs };
  }

  visits(): ReadonlyMap<string, readonly string[]> {
    const accepted = [this.#ingresses, this.#routeGroups].flatMap((mirror) => [...valuesOf(mirror).values()]);
    return visitsOf([...accepted, ...this.#refused.values()]);
  }

  object(owner: string): KubeObject | undefined {
    const mirror = owner.startsWith("RouteGroup ") ? this.#routeGroups : this.#ingresses;
    const refused = this.#refused.get(owner);
    const key = owner.slice(owner.indexOf(" ") + 1);
    return (mirror.poisoned.has(key) ? refused : undefined) ?? mirror.accepted.get(key)?.value;
  }

  status(): Readonly<Record<string, SourceStatus>> {
    return Object.fromEntries(this.#mirrors.map((mirror) => [mirror.kind, mirror.status()]));
  }

  held(): readonly HeldRemoval[] {
    return this.#mirrors.flatMap((mirror) => [...mirror.held()]);
  }

  decide({ id, verb, principal, ttlSeconds, reason }: HoldDecision): boolean {
    return this.#mirrors.some((mirror) => mirror.decide(id, verb, { principal, ttlMs: ttlSeconds * 1000, why: reason }));
  }

  snapshot(): unknown {
    return Object.fromEntries([...this.#holds].map(([name, hold]): [string, HoldState<unknown>] => [name, hold.snapshot()]));
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#mirrors.map((mirror) => mirror.stop()), this.#heartbeat.stop()]);
  }

  get #mirrors(): readonly Mirror<KubeObject>[] {
    return [this.#ingressClasses, this.#ingresses, this.#routeGroups];
  }

  get #staleAfterMs(): number {
    return this.#options.staleAfterMs ?? STALE_AFTER_MS;
  }

  /** Restores from what a former process had, and remembers the holds for the snapshot. */
  #storeOf(restored: unknown): MirrorStore {
    return {
      read: (name) => (isRecord(restored) ? restored[name] : undefined),
      keep: (name, hold) => {
        this.#holds.set(name, hold);
        return { touch() {}, save: () => Promise.resolve() };
      },
    };
  }

  #changed(): void {
    this.#claims = undefined;
    this.#deps.onChange();
  }

  /** What is not ours is nobody's business here; until the classes are known, a class that is not known may be one of ours. */
  #decode(object: KubeObject): KubeObject {
    const trimmed = claimObject(object);
    if (object.kind === "IngressClass") return trimmed;
    const owner = ownerOf(trimmed);
    try {
      const classes = readClasses(valuesOf(this.#ingressClasses), () => {});
      if (isServed(trimmed, classes, this.#options.claims) || !this.#ingressClasses.isSynced) readClaim(trimmed, this.#options.claims);
    } catch (error) {
      this.#refused.set(owner, trimmed);
      throw error;
    }
    this.#refused.delete(owner);
    return trimmed;
  }

  #readAll(): ReadClaims {
    const [ingresses, routeGroups] = [valuesOf(this.#ingresses), valuesOf(this.#routeGroups)];
    return claimsOf({ ingresses, routeGroups, ingressClasses: valuesOf(this.#ingressClasses) }, this.#options.claims);
  }

  /** Of those that are the controller's. */
  #refusals(): readonly ClaimProblem[] {
    const classes = readClasses(valuesOf(this.#ingressClasses), () => {});
    const poisoned = [this.#ingresses, this.#routeGroups].flatMap((mirror) =>
      [...mirror.poisoned].map(([key, problem]) => ({ owner: `${mirror.kind} ${key}`, problem, isAccepted: mirror.accepted.has(key) })),
    );
    const there = new Set(poisoned.map(({ owner }) => owner));
    // Those that were refused by a list that is not whole yet are not told of yet.
    if (this.#refused.size > there.size + REFUSED_SURPLUS)
      for (const owner of this.#refused.keys()) if (!there.has(owner)) this.#refused.delete(owner);
    return poisoned
      .filter(({ owner }) => {
        const object = this.#refused.get(owner);
        try {
          return object === undefined || isServed(object, classes, this.#options.claims);
        } catch (error) {
          this.#deps.log.debug({ object: owner, reason: messageOf(error) }, "it cannot be said whose it is");
          return true;
        }
      })
      .map(({ owner, problem, isAccepted }) => ({
        owner,
        reason: INVALID,
        message: `${problem}; ${isAccepted ? "its last valid version stands" : "nothing is made for it until it is mended"}`,
      }));
  }
}

function valuesOf({ accepted }: Mirror<KubeObject>): ReadonlyMap<string, KubeObject> {
  return new Map([...accepted].map(([key, { value }]) => [key, value]));
}

function ownerOf({ kind, metadata: { namespace = "default", name } }: KubeObject): string {
  return ownerKey({ kind: kind === "RouteGroup" ? "RouteGroup" : "Ingress", namespace, name });
}

function whyNot(mirror: Mirror<KubeObject>): string {
  const { state, problem } = mirror.status();
  return `${mirror.kind} ${problem ?? (state === "live" ? "not heard for too long" : state)}`;
}
