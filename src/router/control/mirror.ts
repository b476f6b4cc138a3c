import { AppError, type Clock, type Random, messageOf } from "../../kernel/index.ts";
import {
  type Accepted,
  type AcceptedChange,
  type Evidence,
  type Hold,
  type HoldPolicy,
  createHold,
  parseHoldState,
} from "../../hold/index.ts";
import { type Heartbeat, type KubeClient, type KubeObject, type Reflector, type Resource, createReflector } from "../../kube/index.ts";
import type { Log, MetricsRegistry } from "../../telemetry/index.ts";
import type { HeldRemoval } from "../../admin/index.ts";
import type { SourceStatus } from "../messages.ts";
import type { SnapshotStore } from "../snapshot/store.ts";
import { HoldFile, readHoldFile } from "./hold-file.ts";
import type { SnapshotWrites } from "./snapshot-writes.ts";

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
  start(): void;
  status(): SourceStatus;
  held(): readonly HeldRemoval[];
  /** The hold that knows this id, if this is the one. */
  decide(
    id: string,
    verb: "approve" | "reject",
    decision: { readonly principal: string; readonly ttlMs: number; readonly why: string },
  ): boolean;
  /** Resolves when what a restart needs is on disk, as far as it changed; at once without a snapshot folder. */
  save(): Promise<void>;
}

export interface MirrorOptions<T, M> {
  readonly resource: Resource;
  /** Only objects that it selects are listed and watched. */
  readonly fieldSelector?: string;
  /** The kind's CustomResourceDefinition may be missing. */
  readonly optional?: boolean;
  /** Reads an object; what it throws poisons that object alone. */
  readonly decode: (object: KubeObject) => T;
  /** Reads a value back from the snapshot. */
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
  readonly store: SnapshotStore | undefined;
  readonly writes: SnapshotWrites;
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

/** Begins from what the snapshot folder has of this kind; nothing is asked before `start`. */
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
      audit: () => file?.touch(),
    },
  );
  const changed = (change: AcceptedChange): void => {
    file?.touch(change);
    deps.onChange(resource.kind, [...change.upserted, ...change.removed, ...change.withdrawn]);
  };
  const { store, writes } = deps;
  const file = store && new HoldFile(stateNameOf(resource), hold, { clock, store, writes });
  const observe = options.toMembers((evidence) => hold.observe(evidence));
  const reflector: Reflector = createReflector<T>(
    {
      resource,
      decode: options.decode,
      ...(options.fieldSelector === undefined ? {} : { fieldSelector: options.fieldSelector }),
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
        if (hold.held().length > 0) file?.touch();
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
      file?.touch();
      return true;
    },
    save: () => file?.save() ?? Promise.resolve(),
  };
  return mirror;
}

function readState<T, M>(options: MirrorOptions<T, M>, { store, log }: MirrorDeps): ReturnType<typeof parseHoldState<M>> | undefined {
  const name = stateNameOf(options.resource);
  try {
    const texts = store?.readChanges(name);
    return texts === undefined ? undefined : parseHoldState<M>(readHoldFile(texts), options.restore);
  } catch (error) {
    const code = error instanceof AppError ? error.code : "ROUTER_SNAPSHOT_CORRUPT";
    log.warn(
      { state: name, code, reason: messageOf(error) },
      "accepted objects on disk passed over, the generation serves until the kind is listed",
    );
    return undefined;
  }
}

function stateNameOf(resource: Resource): string {
  return `kind-${resource.plural}`;
}
