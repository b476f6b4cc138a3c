import { type Clock, type Timer, messageOf, sleep } from "../../kernel/index.ts";
import type { RouteDefinition, RouteSet } from "../../route/index.ts";
import type { Log } from "../../telemetry/index.ts";
import { encodeDelta } from "../delta.ts";
import { generationText } from "../encode-generation.ts";
import type { GenerationHeader } from "../generation.ts";
import type { ControlConfig, ControlStatus, FromControl, PoolChanges } from "../messages.ts";
import { POOLS_STATE, encodePools } from "../pools-state.ts";
import type { SnapshotStore } from "../snapshot/store.ts";
import { type LineChange, PublishedTable, type RouteSetChange } from "./published-table.ts";

/** Turns accepted routes into numbered generations: on disk first, then to the workers. */
export interface Publisher {
  /** Makes `routeSet` what the workers serve. The same routes as before with other pools become a pool update, not a generation. */
  publishAll(routeSet: RouteSet, revisions: Readonly<Record<string, string>>): void;
  /** The same, of which only what differs from what was published last is told. Costs what changed. `publishAll` comes before it. */
  publish(change: RouteSetChange, revisions: Readonly<Record<string, string>>): void;
  /** Keeps a piece of state on disk; false when it could not be written in time. Always true without a folder. */
  keepState(name: string, text: string): Promise<boolean>;
  /** Hands out once more, whole, what is served: the supervisor has nothing that deltas could lead on from. */
  tellWhole(): void;
  /** Resolves when everything asked for so far has been handed out. What is asked for while something is under way is handed out together. */
  settled(): Promise<void>;
  readonly snapshot: ControlStatus["snapshot"];
}

interface PublisherOptions {
  readonly source: string;
  /** Numbers continue after this and after what the folder holds. */
  readonly lastNumber: number;
  /** Routes that are there by themselves; one of the same id that is published counts in place of them. */
  readonly ownRoutes?: readonly RouteDefinition[];
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
/** As long as no more than this follows a whole generation, it need not be made anew. */
const LEAST_FOLLOWING = 65_536;

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
  booted: Pick<GenerationHeader, "number" | "routesDigest"> | undefined,
  deps: PublisherDeps,
): Publisher {
  const { clock, log, store, send } = deps;
  let number = Math.max(options.lastNumber, store?.greatestNumber() ?? 0);
  let servedNumber = booted?.number ?? 0;
  let servedDigest = booted?.routesDigest;
  /** Of the whole generation that was sent last, 0 before, and of the deltas since: a worker that starts needs all of it. */
  let wholeLength = 0;
  let followingLength = 0;
  const table = new PublishedTable();
  let revisions: Readonly<Record<string, string>> = {};
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

  const headerNow = (): GenerationHeader => ({
    number,
    createdAtMs: clock.wallMs(),
    source: options.source,
    revisions,
    routes: table.routeLines.size,
    pools: table.poolLines.size,
    routesDigest: table.routesDigest,
  });

  const textNow = (header: GenerationHeader): string =>
    generationText(header, [...table.routeLines.values()], [...table.poolLines.values()]);

  const sendWhole = (header: GenerationHeader, text: string): void => {
    send({ type: "generation", header, text });
    [wholeLength, followingLength] = [text.length, 0];
  };

  const sendGeneration = async ({ gone, come, pools }: LineChange): Promise<void> => {
    number++;
    const header = headerNow();
    const text = textNow(header);
    const from = { number: servedNumber, digest: servedDigest ?? "", routes: header.routes + gone.length - come.length };
    const isShort = wholeLength > 0 && come.length * 2 <= header.routes && gone.length * 2 <= from.routes;
    if (store !== undefined) await keep(`generation ${number}`, () => store.write(header, text));
    servedNumber = header.number;
    servedDigest = header.routesDigest;
    if (isShort) {
      const delta = encodeDelta(from.digest, header, gone, come);
      send({ type: "delta", header, from: from.number, text: delta, pools });
      followingLength += delta.length;
    }
    if (!isShort || followingLength > Math.max(LEAST_FOLLOWING, wholeLength / 2)) sendWhole(header, text);
    log.info({ generation: header.number, routes: header.routes, pools: header.pools }, "generation made");
  };

  /** The generation that is served already, for those who start. */
  const sendServed = (): void => {
    const header = { ...headerNow(), number: servedNumber };
    sendWhole(header, textNow(header));
  };

  const sendPools = ({ changed, removed }: PoolChanges): void => {
    if (changed.length === 0 && removed.length === 0) return;
    send({ type: "pools", changed, removed });
    if (store === undefined || poolsTimer !== undefined) return;
    poolsTimer = clock.timer(POOLS_WRITE_PAUSE_MS, () => {
      poolsTimer = undefined;
      void keep("pools", () => store.writeState(POOLS_STATE, encodePools(servedNumber, table.poolLines.values())));
    });
  };

  const run = async (): Promise<void> => {
    isRunning = true;
    do {
      const change = table.takeChange();
      if (table.routesDigest !== servedDigest) {
        await sendGeneration(change);
        continue;
      }
      if (wholeLength === 0) sendServed();
      sendPools(change.pools);
    } while (table.isTouched);
    isRunning = false;
  };

  const handOut = (): void => {
    if (!isRunning) running = run();
  };

  return {
    publishAll(routeSet, newest) {
      table.replace({ routes: [...routeSet.routes, ...(options.ownRoutes ?? [])], pools: routeSet.pools });
      revisions = newest;
      handOut();
    },
    publish(change, newest) {
      table.change(change);
      revisions = newest;
      handOut();
    },
    tellWhole() {
      // Before anything was published the first thing is whole anyway.
      if (wholeLength === 0) return;
      wholeLength = 0;
      handOut();
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
