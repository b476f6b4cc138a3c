import { type Clock, type Timer, messageOf, sleep } from "../../kernel/index.ts";
import type { Pool, RouteSet } from "../../route/index.ts";
import type { Log } from "../../telemetry/index.ts";
import { type HeadedLines, encodeDelta } from "../delta.ts";
import { type EncodedRoutes, encodeGeneration, encodeRoutes } from "../encode-generation.ts";
import type { ControlConfig, ControlStatus, FromControl, PoolChanges } from "../messages.ts";
import { POOLS_STATE, encodePools } from "../pools-state.ts";
import type { SnapshotStore } from "../snapshot/store.ts";

/** Turns accepted route sets into numbered generations: on disk first, then to the workers. */
export interface Publisher {
  /**
   * Makes `routeSet` what the workers serve. The same routes as before with other pools become a pool update, not a generation.
   * Calls while one is under way are merged: the last one counts.
   */
  publish(routeSet: RouteSet, revisions: Readonly<Record<string, string>>): void;
  /** Keeps a piece of state on disk; false when it could not be written in time. Always true without a folder. */
  keepState(name: string, text: string): Promise<boolean>;
  /** Resolves when everything asked for so far has been handed out. */
  settled(): Promise<void>;
  readonly snapshot: ControlStatus["snapshot"];
}

interface PublisherOptions {
  readonly source: string;
  /** Numbers continue after this and after what the folder holds. */
  readonly lastNumber: number;
}

interface PublisherDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly store: SnapshotStore | undefined;
  readonly send: (message: FromControl) => void;
}

/** A disk that hangs must not keep a change from being served: after this long the workers get it all the same. */
const WRITE_PATIENCE_MS = 2_000;
const POOLS_WRITE_PAUSE_MS = 1_000;

/**
 * The number after which those of this process begin. A snapshot folder remembers it; without one they go on from the time of day in seconds, so that a
 * router that was restarted does not call a newer table by a lower number. The router of 2017 has no numbers to keep.
 */
export function lastNumberOf(config: Pick<ControlConfig, "policy" | "lastNumber" | "snapshotDirectory">, clock: Clock): number {
  const isRemembered = config.snapshotDirectory !== undefined || config.policy === "naive";
  return isRemembered ? config.lastNumber : Math.max(config.lastNumber, Math.floor(clock.wallMs() / 1000));
}

/** `booted` is the newest snapshot, which workers have already: the same routes again make no new generation. */
export function createPublisher(
  options: PublisherOptions,
  booted: { readonly number: number; readonly routesSha256: string } | undefined,
  deps: PublisherDeps,
): Publisher {
  const { clock, log, store, send } = deps;
  let number = Math.max(options.lastNumber, store?.greatestNumber() ?? 0);
  let servedNumber = booted?.number ?? 0;
  let routesSha256 = booted?.routesSha256;
  /** What was sent last; undefined until this process sent a generation. */
  let sent: HeadedLines | undefined;
  /** Undefined until pools were sent once: what the workers have from before is not known here. */
  let sentPools: ReadonlyMap<string, Pool> | undefined;
  let latestPools: readonly Pool[] = [];
  let wanted: { readonly routeSet: RouteSet; readonly revisions: Readonly<Record<string, string>> } | undefined;
  let running: Promise<void> = Promise.resolve();
  let isRunning = false;
  let poolsTimer: Timer | undefined;
  let snapshot: ControlStatus["snapshot"] = { writes: 0, errors: 0 };

  /** Resolves when written, failed (told and counted), or after {@link WRITE_PATIENCE_MS}. */
  const keep = async (what: string, write: () => Promise<void>): Promise<boolean> => {
    let isWritten = false;
    const written = write().then(
      () => {
        isWritten = true;
        if (snapshot.lastError !== undefined) log.info({ what }, "snapshot can be written again");
        snapshot = { writes: snapshot.writes + 1, errors: snapshot.errors, lastWriteAtMs: clock.wallMs() };
      },
      (error: unknown) => {
        const reason = messageOf(error);
        if (reason !== snapshot.lastError) log.error({ what, reason }, "snapshot cannot be written, serving goes on without it");
        snapshot = { ...snapshot, errors: snapshot.errors + 1, lastError: reason };
      },
    );
    const patience = new AbortController();
    await Promise.race([written, sleep(clock, WRITE_PATIENCE_MS, patience.signal)]);
    patience.abort();
    return isWritten;
  };

  const sendGeneration = async (routeSet: RouteSet, revisions: Readonly<Record<string, string>>, encoded: EncodedRoutes): Promise<void> => {
    number++;
    const facts = { number, createdAtMs: clock.wallMs(), source: options.source, revisions };
    const { header, text } = encodeGeneration(routeSet, facts, encoded);
    if (store !== undefined) await keep(`generation ${number}`, () => store.write(header, text));
    servedNumber = number;
    routesSha256 = encoded.sha256;
    const to = { header, lines: encoded.lines };
    const delta = sent === undefined ? undefined : encodeDelta(sent, to);
    const from = sent?.header.number ?? 0;
    sent = to;
    const pools = takePools(routeSet.pools);
    send({ type: "generation", header, text, ...(delta === undefined ? {} : { delta: { from, text: delta, pools } }) });
    log.info({ generation: number, routes: header.routes, pools: header.pools }, "generation made");
  };

  /** These are sent now; answers in what they differ from those before. */
  const takePools = (pools: readonly Pool[]): PoolChanges => {
    const next = new Map(pools.map((pool) => [pool.id, pool]));
    const changed = pools.filter((pool) => !isSame(pool, sentPools?.get(pool.id)));
    const removed = [...(sentPools?.keys() ?? [])].filter((id) => !next.has(id));
    sentPools = next;
    latestPools = pools;
    return { changed, removed };
  };

  const sendPools = (pools: readonly Pool[]): void => {
    const { changed, removed } = takePools(pools);
    if (changed.length === 0 && removed.length === 0) return;
    send({ type: "pools", changed, removed });
    if (store === undefined || poolsTimer !== undefined) return;
    poolsTimer = clock.timer(POOLS_WRITE_PAUSE_MS, () => {
      poolsTimer = undefined;
      void keep("pools", () => store.writeState(POOLS_STATE, encodePools(servedNumber, latestPools)));
    });
  };

  const run = async (): Promise<void> => {
    isRunning = true;
    while (wanted !== undefined) {
      const { routeSet, revisions } = wanted;
      wanted = undefined;
      const encoded = encodeRoutes(routeSet.routes);
      if (encoded.sha256 === routesSha256) sendPools(routeSet.pools);
      else await sendGeneration(routeSet, revisions, encoded);
    }
    isRunning = false;
  };

  return {
    publish(routeSet, revisions) {
      wanted = { routeSet, revisions };
      if (!isRunning) running = run();
    },
    async keepState(name, text) {
      return store === undefined || (await keep(name, () => store.writeState(name, text)));
    },
    settled: () => running,
    get snapshot() {
      return snapshot;
    },
  };
}

function isSame(one: Pool, other: Pool | undefined): boolean {
  return one === other || (other !== undefined && JSON.stringify(one) === JSON.stringify(other));
}
