import { hostname } from "node:os";

import { AppError, messageOf } from "../../kernel/index.ts";
import { type Evidence, createMemberEvidence } from "../../hold/index.ts";
import type { ObjectKind } from "../../ingress/index.ts";
import { type Mirror, type MirrorDeps, createMirror, createObjectEvents } from "../../mirror/index.ts";
import { type Heartbeat, type KubeClient, type KubeObject, createHeartbeat, kinds, objectKey } from "../../kube/index.ts";
import type { HoldDecision } from "../../admin/index.ts";
import type { ControlStatus, Knowledge, RoutesSource } from "../messages.ts";
import { AcceptedRoutes } from "./accepted-routes.ts";
import { openClusterClient } from "./cluster-client.ts";
import { type Debounce, createDebounce } from "./debounce.ts";
import { mirrorStoreIn } from "./hold-file.ts";
import { type EndpointMember, claimOf, membersOfSlice, restoreMember } from "./endpoint-members.ts";
import { ObjectProblems } from "./object-problems.ts";
import { convertOptions, restoreObject, seriousProblems, trim } from "./object-version.ts";
import { createPacedRun } from "./paced-run.ts";
import type { RouteSetChange } from "./published-table.ts";
import { SecretSource } from "./secret-source.ts";
import { SettlingChanges } from "./settling.ts";
import type { ControlSource, SourceDeps } from "./source.ts";

/** A storm of changes must not make a table of each: a worker that gets fifty a second still has its time for requests. */
const BUILD_PAUSE_MS = 20;
/** How long what makes things worse waits for what may belong to it: for the last change to be this long ago, and no longer than that. */
const QUIET_MS = 75;
const LONGEST_WAIT_MS = 500;
const SAVE_PERIOD_MS = 5_000;
/** With no generation to serve meanwhile: how long to wait for a kind that cannot be read before serving without it. */
const FIRST_TABLE_PATIENCE_MS = 30_000;
/** Endpoints whose removal is not proved step back behind the fresh ones, and proof is asked for sooner: pods do come and go. */
const ENDPOINT_POLICY = { unproven: "withdraw", large: { confirmations: 3, holdMs: 60_000 } } as const;

/** Serves a cluster. Rejects with AppError `KUBE_CONFIG` when it cannot be known how to reach it; a cluster that does not answer is no error. */
export async function openKubeSource(routes: Exclude<RoutesSource, { type: "file" }>, deps: SourceDeps): Promise<ControlSource> {
  const client = await openClusterClient(routes, deps);
  return new KubeSource(client, deps);
}

class KubeSource implements ControlSource {
  readonly #deps: SourceDeps;
  readonly #problems: ObjectProblems;
  readonly #startedAtMs: number;
  readonly #ingresses: Mirror<KubeObject>;
  readonly #routeGroups: Mirror<KubeObject>;
  readonly #ingressClasses: Mirror<KubeObject>;
  readonly #services: Mirror<KubeObject>;
  readonly #endpoints: Mirror<EndpointMember>;
  /** Undefined where certificates do not come from the cluster. */
  readonly #secrets: SecretSource | undefined = undefined;
  readonly #heartbeat: Heartbeat;
  readonly #routes: AcceptedRoutes;
  #wasLive = false;
  /** A table made when every kind was synced has been handed out: until then nobody may claim to know it all. */
  #isComplete = false;
  #settling = new SettlingChanges();
  readonly #build: { call(): void };
  /** Runs when nothing happened for a while, or for as long as anything may wait. */
  readonly #settle: Debounce;
  #isSettlingDue = false;
  /** Whether anything was ever handed out, by this process or by the one before it. */
  #hasTable: boolean;

  constructor(client: KubeClient, deps: SourceDeps) {
    const { clock, log } = deps;
    this.#deps = deps;
    this.#startedAtMs = clock.monoMs();
    this.#hasTable = deps.booted !== undefined;
    const reporter = { component: "holdfast-router", controller: "holdfast.dev/router", instance: deps.config.nodeName ?? hostname() };
    const events = createObjectEvents(client, reporter, deps);
    this.#problems = new ObjectProblems(events, clock, (kind, key) => this.#accepted(kind)?.get(key)?.value);
    this.#build = createPacedRun(clock, BUILD_PAUSE_MS, () => this.#tryBuild());
    this.#settle = createDebounce(clock, { quietMs: QUIET_MS, mostMs: LONGEST_WAIT_MS }, () => {
      this.#isSettlingDue = true;
      this.#build.call();
    });
    // A question and its answer must fit into what is left of the bound.
    const silenceMs = (deps.config.staleAfterMs * 2) / 3;
    this.#heartbeat = createHeartbeat(
      { resource: kinds.ingressClasses, silenceMs, timeoutMs: deps.config.staleAfterMs - silenceMs },
      { client, clock, random: deps.random, log },
    );
    const mirrorDeps: MirrorDeps = {
      client,
      clock,
      heartbeat: this.#heartbeat,
      random: deps.random,
      log,
      metrics: deps.metrics,
      store: deps.store === undefined ? undefined : mirrorStoreIn({ clock, store: deps.store, writes: deps.writes }),
      onChange: (kind, keys) => {
        this.#routes.note(kind, keys);
        this.#build.call();
      },
      onStatus: deps.onStatus,
      onPoisoned: (kind, key, problem) => this.#onPoisoned(kind, key, problem),
    };
    const object = (resource: (typeof kinds)[keyof typeof kinds], optional = false): Mirror<KubeObject> =>
      createMirror<KubeObject, KubeObject>(
        {
          resource,
          optional,
          decode: (value) => this.#decode(value),
          restore: (value) => restoreObject(value, deps),
          toMembers: (sink) => (evidence) => sink(evidence),
        },
        mirrorDeps,
      );
    this.#ingresses = object(kinds.ingresses);
    this.#routeGroups = object(kinds.routeGroups, true);
    this.#ingressClasses = object(kinds.ingressClasses);
    this.#services = object(kinds.services);
    this.#endpoints = createMirror<KubeObject, EndpointMember>(
      {
        resource: kinds.endpointSlices,
        decode: (value) => this.#decode(value),
        restore: restoreMember,
        toMembers: (sink: (evidence: Evidence<EndpointMember>) => void) =>
          createMemberEvidence<KubeObject, EndpointMember>(membersOfSlice, sink),
        policy: ENDPOINT_POLICY,
        claims: claimOf,
      },
      mirrorDeps,
    );
    const objects = [this.#ingressClasses, this.#services, this.#ingresses, this.#routeGroups].map(
      ({ kind, accepted }) => [kind as ObjectKind, accepted] as const,
    );
    this.#routes = new AcceptedRoutes({ objects, endpoints: this.#endpoints.accepted }, convertOptions(deps), deps.registry);
    // Routes do not wait for certificates, nor for the right to read them.
    if (deps.config.tlsSecrets) {
      const serve = createDebounce(clock, { quietMs: QUIET_MS, mostMs: LONGEST_WAIT_MS }, () => void this.#serveSecrets());
      this.#secrets = new SecretSource({ ...mirrorDeps, onChange: () => serve.call() }, deps, (object) => this.#problems.sound(object));
    }
    for (const mirror of this.#all) mirror.start();
    this.#heartbeat.start();
    const save = (): void => {
      clock.timer(SAVE_PERIOD_MS, save);
      void this.#saveStates();
    };
    clock.timer(SAVE_PERIOD_MS, save);
    clock.timer(FIRST_TABLE_PATIENCE_MS, () => this.#build.call());
    // What a former process accepted: against that it is seen what makes things worse.
    this.#build.call();
  }

  status(): Omit<ControlStatus, "snapshot"> {
    return {
      knowledge: this.#knowledge(),
      sources: Object.fromEntries(this.#all.map((mirror) => [mirror.kind, mirror.status()])),
      held: this.#all.flatMap((mirror) => [...mirror.held()]),
      problems: this.#problems.told(),
    };
  }

  decide({ id, verb, principal, ttlSeconds, reason }: HoldDecision): Promise<string | undefined> {
    try {
      const decision = { principal, ttlMs: ttlSeconds * 1000, why: reason };
      const isKnown = this.#all.some((mirror) => mirror.decide(id, verb, decision));
      return Promise.resolve(isKnown ? undefined : `nothing is held under the id ${JSON.stringify(id)}; it may have been released`);
    } catch (error) {
      return Promise.resolve(messageOf(error));
    }
  }

  /** The policy that asks this at a health check is the naive one. */
  apiAnswers(): Promise<boolean> {
    return Promise.resolve(this.#mirrors.some((mirror) => mirror.isLive));
  }

  get #mirrors(): readonly Mirror<unknown>[] {
    return [this.#ingresses, this.#routeGroups, this.#ingressClasses, this.#services, this.#endpoints];
  }

  /** Those that routes are made of, and that of certificates. */
  get #all(): readonly Mirror<unknown>[] {
    return this.#secrets === undefined ? this.#mirrors : [...this.#mirrors, this.#secrets.mirror];
  }

  #knowledge(): Knowledge {
    const { staleAfterMs } = this.#deps.config;
    if (this.#isComplete && this.#mirrors.every((mirror) => mirror.isLive)) this.#wasLive = true;
    if (!this.#wasLive) return "restored";
    return this.#mirrors.some((mirror) => (mirror.ageMs ?? Infinity) > staleAfterMs) ? "stale" : "live";
  }

  #decode(object: KubeObject): KubeObject {
    const trimmed = trim(object);
    const [problem] = seriousProblems(trimmed, this.#deps);
    if (problem !== undefined && (problem.effect === "dropped" || this.#hasGoodVersion(object))) {
      this.#problems.refused(trimmed);
      throw new AppError(problem.code, problem.message);
    }
    this.#problems.sound(object);
    return trimmed;
  }

  /** An edit that breaks some of an object's routes is not taken where a version stands that breaks none; else it is better than nothing. */
  #hasGoodVersion({ kind, metadata }: KubeObject): boolean {
    const accepted = this.#accepted(kind)?.get(objectKey(metadata));
    return accepted !== undefined && seriousProblems(accepted.value, this.#deps).length === 0;
  }

  #onPoisoned(kind: string, key: string, problem: string): void {
    const lastGoodServes = this.#all.some((mirror) => mirror.kind === kind && mirror.accepted.has(key));
    this.#problems.poisoned(kind, key, problem, lastGoodServes);
  }

  #accepted(kind: string): Mirror<KubeObject>["accepted"] | undefined {
    return [this.#ingresses, this.#routeGroups, this.#services].find((mirror) => mirror.kind === kind)?.accepted;
  }

  /** Whether what is accepted may become a table: it must not lack a kind that the table in use was made of. */
  #mayBuild(): boolean {
    if (this.#mirrors.every((mirror) => mirror.isKnown)) return true;
    if (this.#hasTable || this.#deps.clock.monoMs() - this.#startedAtMs < FIRST_TABLE_PATIENCE_MS) return false;
    return this.#services.isKnown && this.#endpoints.isKnown && (this.#ingresses.isKnown || this.#routeGroups.isKnown);
  }

  async #tryBuild(): Promise<void> {
    if (!this.#mayBuild()) return;
    try {
      await this.#buildOnce();
    } catch (error) {
      // The table in use stays; the next change tries again, with all that is accepted.
      this.#routes.forget();
      this.#deps.log.error({ reason: messageOf(error) }, "no generation can be made of what is accepted, the one before it serves");
    }
  }

  async #buildOnce(): Promise<void> {
    const { publisher } = this.#deps;
    const isSynced = this.#mirrors.every((mirror) => mirror.isSynced);
    const isDue = this.#isSettlingDue;
    this.#isSettlingDue = false;
    const change = this.#routes.takeChange();
    const { whole, problems } = change;
    if (whole !== undefined) this.#settling = new SettlingChanges();
    const passed = this.#settling.pass(change, isDue || whole !== undefined);
    if (!this.#settling.isSettled) this.#settle.call();
    const isComplete = isSynced && this.#settling.isSettled;
    if (whole !== undefined) this.#problems.converted.seeAll([...problems.values()].flat());
    else for (const [object, now] of problems) this.#problems.converted.see(object, now);
    const revisions = Object.fromEntries(this.#mirrors.flatMap(({ kind, revision }) => (revision === undefined ? [] : [[kind, revision]])));
    if (whole !== undefined || !isNothing(passed)) {
      // First what was accepted, then what it leads to: a restart must not know less than the workers serve.
      await this.#saveStates();
      if (whole === undefined) publisher.publish(passed, revisions);
      else publisher.publishAll(whole, revisions);
      await publisher.settled();
    }
    if (whole !== undefined || change.asksForOthers) await this.#serveSecrets();
    this.#hasTable = true;
    this.#isComplete ||= isComplete;
    this.#deps.onStatus();
  }

  async #serveSecrets(): Promise<void> {
    // Before it is known who asks, and after an error: those of before stay.
    await this.#secrets?.serve(() => this.#routes.tlsClaims);
    this.#problems.certificates.seeAll(this.#secrets?.problems ?? []);
    this.#deps.onStatus();
  }

  async #saveStates(): Promise<void> {
    await Promise.all(this.#all.map((mirror) => mirror.save()));
  }
}

function isNothing({ routes, pools }: RouteSetChange): boolean {
  return routes.changed.length + routes.removed.length + pools.changed.length + pools.removed.length === 0;
}
