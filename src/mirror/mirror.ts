import { AppError, type Clock, type Random, messageOf } from "../kernel/index.ts";
import {
  type Accepted,
  type AcceptedChange,
  type Evidence,
  type Hold,
  type HoldPolicy,
  createHold,
  parseHoldState,
} from "../hold/index.ts";
import { type Heartbeat, type KubeClient, type KubeObject, type Reflector, type Resource, createReflector } from "../kube/index.ts";
import type { Log, MetricsRegistry } from "../telemetry/index.ts";
import type { HeldRemoval } from "../admin/index.ts";

/** How one kind's source is, for people. */
export interface SourceStatus {
  /** `live`, or in what way it is not, in the words of `src/kube` (`connecting`, `syncing`, `failing`), or `watching` for a file. */
  readonly state: string;
  /** Since the source last said anything that could be believed; undefined before it ever did. */
  readonly ageMs?: number;
  readonly objects: number;
  readonly revision?: string;
  /** Why it is not live, one line. */
  readonly problem?: string;
}

/** Where mirrors keep what a restart needs. */
export interface MirrorStore {
  /** What was kept under this name, for `parseHoldState`; undefined when there is nothing. Throws AppError when it cannot be read; it then counts as nothing. */
  read(name: string): unknown;
  /** Keeps this hold under this name from now on. */
  keep<M>(name: string, hold: Hold<M>): KeptHold;
}

/** A hold that is kept somewhere. */
export interface KeptHold {
  /** Something about the hold is another, among it what `change` names. */
  touch(change?: AcceptedChange): void;
  /** Resolves when what was touched is kept, or could not be in time. */
  save(): Promise<void>;
}

/** One kind as it is listed and watched, and as much of it as is believed. */
export interface Mirror<M> {
  readonly kind: string;
  readonly accepted: ReadonlyMap<string, Accepted<M>>;
  /** Whether what is accepted is worth serving from: a complete answer was had, or a former process accepted it. */
  readonly isKnown: boolean;
  /** A complete answer was had by this process. */
  readonly isSynced: boolean;
  /** Followed without a gap at this moment. */
  readonly isLive: boolean;
  /** Since the server was last heard; undefined before. */
  readonly ageMs: number | undefined;
  readonly revision: string | undefined;
  /** Objects that are there in a version that cannot be used, by key: what of them is accepted is older, or nothing. */
  readonly poisoned: ReadonlyMap<string, string>;
  start(): void;
  status(): SourceStatus;
  held(): readonly HeldRemoval[];
  /** The hold that knows this id, if this is the one. */
  decide(
    id: string,
    verb: "approve" | "reject",
    decision: { readonly principal: string; readonly ttlMs: number; readonly why: string },
  ): boolean;
  /** Resolves when what a restart needs is kept, as far as it changed; at once without a store. */
  save(): Promise<void>;
  /** Listens no more; resolves when nothing is under way. What is accepted stays. */
  stop(): Promise<void>;
}

export interface MirrorOptions<T, M> {
  readonly resource: Resource;
  /** Only objects that it selects are listed and watched. */
  readonly fieldSelector?: string;
  readonly labelSelector?: string;
  /** All when left out. */
  readonly namespace?: string;
  /** The kind's CustomResourceDefinition may be missing. */
  readonly optional?: boolean;
  /** Reads an object; what it throws poisons that object alone. */
  readonly decode: (object: KubeObject) => T;
  /** Reads a value back from the store. */
  readonly restore: (value: unknown) => M;
  /** How evidence about objects becomes evidence about what is held: as it is, or taken apart into members. */
  readonly toMembers: (sink: (evidence: Evidence<M>) => void) => (evidence: Evidence<T>) => void;
  readonly policy?: Partial<HoldPolicy>;
  readonly claims?: (value: M) => { readonly address: string; readonly owner: string } | undefined;
}

export interface MirrorDeps {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly heartbeat: Heartbeat;
  readonly log: Log;
  readonly metrics: MetricsRegistry;
  readonly store: MirrorStore | undefined;
  /** Keys whose accepted thing is new, another or gone; none when something else is known than before. */
  readonly onChange: (kind: string, keys: readonly string[]) => void;
  readonly onStatus: () => void;
  /** An object of the kind cannot be used. */
  readonly onPoisoned: (kind: string, key: string, problem: string) => void;
}

/**
 * kube-apiserver sends a bookmark a minute on each watch: where two are missing, this one watch is broken although its connection is not. Whether the
 * server is there at all is found sooner, by the heartbeat, and whether the connection is, by TCP keep-alive.
 */
const WATCH_SILENCE_MS = 130_000;
/** A definition is installed rarely, and the routers that look for it are many. */
const ABSENT_RECHECK_MS = 40_000;

/** Begins from what the store has of this kind; nothing is asked before `start`. */
export function createMirror<T, M>(options: MirrorOptions<T, M>, deps: MirrorDeps): Mirror<M> {
  const { resource } = options;
  const { clock } = deps;
  const restored = readState(options, deps);
  let wasSynced = false;
  const hold: Hold<M> = createHold<M>(
    {
      name: resource.plural,
      ...(options.policy === undefined ? {} : { policy: options.policy }),
      ...(options.claims === undefined ? {} : { claims: options.claims }),
      ...(restored === undefined ? {} : { restored }),
    },
    {
      clock,
      log: deps.log,
      metrics: deps.metrics,
      confirm: () => reflector.confirm(),
      onChange: (change) => changed(change),
      audit: () => kept?.touch(),
    },
  );
  const changed = (change: AcceptedChange): void => {
    kept?.touch(change);
    deps.onChange(resource.kind, [...change.upserted, ...change.removed, ...change.withdrawn]);
  };
  const kept = deps.store?.keep(stateNameOf(resource), hold);
  const observe = options.toMembers((evidence) => hold.observe(evidence));
  const reflector: Reflector = createReflector<T>(
    {
      resource,
      decode: options.decode,
      ...(options.fieldSelector === undefined ? {} : { fieldSelector: options.fieldSelector }),
      ...(options.labelSelector === undefined ? {} : { labelSelector: options.labelSelector }),
      ...(options.namespace === undefined ? {} : { namespace: options.namespace }),
      ...(options.optional === true ? { optional: true } : {}),
      ...(restored?.revision === undefined || restored.revision === null ? {} : { restoredRevision: restored.revision }),
      silenceTimeoutMs: WATCH_SILENCE_MS,
      silenceRelistMs: 2 * WATCH_SILENCE_MS,
      absentRecheckMs: ABSENT_RECHECK_MS,
    },
    {
      client: deps.client,
      clock,
      random: deps.random,
      heartbeat: deps.heartbeat,
      log: deps.log,
      metrics: deps.metrics,
      onState({ synced }) {
        // The first complete answer may change nothing and still say what was not known before: that this is all.
        if (synced && !wasSynced) deps.onChange(resource.kind, []);
        wasSynced = synced;
        deps.onStatus();
      },
      sink(evidence) {
        observe(evidence);
        if (evidence.kind === "poisoned" && evidence.key !== undefined) deps.onPoisoned(resource.kind, evidence.key, evidence.problem);
        if (hold.held().length > 0) kept?.touch();
        deps.onStatus();
      },
    },
  );

  const mirror: Mirror<M> = {
    kind: resource.kind,
    accepted: hold.accepted,
    get isKnown() {
      return restored !== undefined || reflector.status().synced;
    },
    get isSynced() {
      return reflector.status().synced;
    },
    get isLive() {
      const { state, synced } = reflector.status();
      return synced && (state === "live" || state === "absent");
    },
    get ageMs() {
      const { lastSuccessMonoMs } = reflector.status();
      return lastSuccessMonoMs === undefined ? undefined : clock.monoMs() - lastSuccessMonoMs;
    },
    get revision() {
      return reflector.status().revision;
    },
    get poisoned() {
      return new Map(hold.status().poisoned.map(({ key, problem }) => [key, problem]));
    },
    start: () => reflector.start(),
    status() {
      const { state, revision, error } = reflector.status();
      const { ageMs } = mirror;
      const problem =
        error?.message ?? (deps.heartbeat.problem === undefined ? undefined : `silent, and asked: ${deps.heartbeat.problem.message}`);
      return {
        state,
        objects: hold.status().size,
        ...(ageMs === undefined ? {} : { ageMs }),
        ...(revision === undefined ? {} : { revision }),
        ...(problem === undefined ? {} : { problem }),
      };
    },
    held: () =>
      hold.held().map((change) => ({
        id: change.id,
        kind: resource.kind,
        keys: change.keys,
        sinceMs: change.sinceWallMs,
        reason: `${change.cause}, ${change.reason}: ${change.agreements} complete answers agree, ${Math.round(change.heldLiveMs / 1000)} s while live`,
        evidence: change.observations.map(({ atWallMs, said }) => ({ atMs: atWallMs, said })),
        releasedBy: change.releasedBy,
      })),
    decide(id, verb, decision) {
      if (!hold.held().some((change) => change.id === id)) return false;
      hold[verb](id, decision);
      kept?.touch();
      return true;
    },
    save: () => kept?.save() ?? Promise.resolve(),
    async stop() {
      hold.close();
      await reflector.stop();
    },
  };
  return mirror;
}

function readState<T, M>(options: MirrorOptions<T, M>, { store, log }: MirrorDeps): ReturnType<typeof parseHoldState<M>> | undefined {
  const name = stateNameOf(options.resource);
  try {
    const state = store?.read(name);
    return state === undefined ? undefined : parseHoldState<M>(state, options.restore);
  } catch (error) {
    const code = error instanceof AppError ? error.code : "HOLD_STATE";
    log.warn({ state: name, code, reason: messageOf(error) }, "accepted objects that were kept are passed over until the kind is listed");
    return undefined;
  }
}

function stateNameOf(resource: Resource): string {
  return `kind-${resource.plural}`;
}
