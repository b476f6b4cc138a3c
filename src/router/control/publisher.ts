import type { Clock } from "../../kernel/index.ts";
import type { RouteDefinition, RouteSet } from "../../route/index.ts";
import type { Log } from "../../telemetry/index.ts";
import { encodeDelta } from "../delta.ts";
import { generationHead } from "../encode-generation.ts";
import type { GenerationHeader } from "../generation.ts";
import type { ControlConfig, ControlStatus, FromControl } from "../messages.ts";
import { ChangeFile } from "../snapshot/change-file.ts";
import { encodeChange } from "../snapshot/generation-file.ts";
import type { SnapshotStore } from "../snapshot/store.ts";
import { inSlices } from "./in-slices.ts";
import { type LineChange, PublishedTable, type RouteSetChange } from "./published-table.ts";
import type { SnapshotWrites } from "./snapshot-writes.ts";

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
  readonly writes: SnapshotWrites;
  readonly send: (message: FromControl) => void;
}

/** As long as no more than this follows a whole generation, on disk or in the supervisor, it need not be made anew. */
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
  const { clock, log, store, writes, send } = deps;
  const file = store && new ChangeFile(clock, (error) => writes.failed("generation", error));
  let number = Math.max(options.lastNumber, store?.greatestNumber() ?? 0, booted?.number ?? 0);
  let servedNumber = booted?.number ?? 0;
  let servedDigest = booted?.routesDigest;
  /** Of the whole generation that was made last and of what followed: whoever starts needs all of it. */
  let wholeLength = 0;
  let followingLength = 0;
  /** The supervisor has nothing that a delta could lead on from. */
  let isWholeWanted = true;
  let isMakingWhole = false;
  const table = new PublishedTable();
  let revisions: Readonly<Record<string, string>> = {};
  let running: Promise<void> = Promise.resolve();
  let isRunning = false;

  const headerOf = (newNumber: number): GenerationHeader => ({
    number: newNumber,
    createdAtMs: clock.wallMs(),
    source: options.source,
    revisions,
    routes: table.routeLines.size,
    pools: table.poolLines.size,
    routesDigest: table.routesDigest,
  });

  /**
   * Makes a generation whole, of the table as it is at this moment, on disk and for the supervisor: a new one, or one that it has, in
   * place of what that was made of. Resolves when it is handed out, which is not before `after`.
   */
  const makeWhole = async (header: GenerationHeader, after?: Promise<void>): Promise<void> => {
    [isMakingWhole, isWholeWanted, followingLength] = [true, false, 0];
    const made = inSlices([generationHead(header), ...table.routeLines.values(), ...table.poolLines.values()], (line) => line);
    if (file !== undefined && store !== undefined) {
      const written = file.replace(store.fileOf(header.number), made).then(() => store.prune());
      await writes.keep(`generation ${header.number}`, written);
    }
    const text = (await made).join("");
    await after;
    [isMakingWhole, wholeLength] = [false, text.length];
    send({ type: "generation", header, text });
  };

  /** First to disk, then to the supervisor; a change of most of the table is no shorter than the whole. */
  const handOut = async ({ gone, come, pools }: LineChange): Promise<void> => {
    const from = { number: servedNumber, digest: servedDigest ?? "" };
    const isNew = table.routesDigest !== from.digest;
    const isAny = isNew || pools.changed.length > 0 || pools.removed.length > 0;
    if (!isAny && !isWholeWanted) return;
    const header = headerOf(isNew ? ++number : servedNumber);
    [servedNumber, servedDigest] = [header.number, header.routesDigest];
    if (isNew) log.info({ generation: header.number, routes: header.routes, pools: header.pools }, "generation made");
    const delta = isNew ? encodeDelta(from.digest, header, gone, come) : undefined;
    const record = encodeChange(pools, delta);
    followingLength += record.length;
    const isMost = come.length * 2 > header.routes || gone.length * 2 > header.routes + gone.length - come.length;
    const isWhole = (isWholeWanted || (isNew && isMost)) && !isMakingWhole;
    const isDue = followingLength > Math.max(LEAST_FOLLOWING, wholeLength / 2) || file?.isWholeDue === true;
    // Where there is no file yet the whole that begins one has it.
    const isFollowing = isAny && (file?.isOpen === true || isMakingWhole);
    const kept = isFollowing ? file && writes.keep(`generation ${header.number}`, file.append(record)) : undefined;
    const { promise: after, resolve: isHandedOut } = Promise.withResolvers<void>();
    // Taken at this moment: what is asked for while the change is written is not in it.
    const whole = isWhole || (isDue && !isMakingWhole) ? makeWhole(header, after) : undefined;
    await kept;
    if (delta === undefined && isAny) send({ type: "pools", ...pools });
    else if (delta !== undefined && !isWhole) send({ type: "delta", header, from: from.number, text: delta, pools });
    isHandedOut();
    if (isWhole) await whole;
  };

  const run = async (): Promise<void> => {
    isRunning = true;
    do {
      await handOut(table.takeChange());
    } while (table.isTouched);
    isRunning = false;
  };

  const start = (): void => {
    if (!isRunning) running = run();
  };

  return {
    publishAll(routeSet, newest) {
      table.replace({ routes: [...routeSet.routes, ...(options.ownRoutes ?? [])], pools: routeSet.pools });
      revisions = newest;
      start();
    },
    publish(change, newest) {
      table.change(change);
      revisions = newest;
      start();
    },
    tellWhole() {
      isWholeWanted = true;
      // Before anything was published there is nothing to tell, and the first thing is whole anyway.
      if (wholeLength > 0) start();
    },
    async keepState(name, text) {
      return store === undefined || (await writes.keep(name, store.writeState(name, text)));
    },
    settled: () => running,
    get snapshot() {
      return writes.status;
    },
  };
}
