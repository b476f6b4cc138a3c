import { AppError, type Random, messageOf, sleep } from "../../kernel/index.ts";
import type { Leader } from "../../kube/index.ts";
import { type Pace, intervalPace, mtbfPace } from "./due-attacks.ts";
import type { KillerOptions } from "./killer-options.ts";
import { type LeverReading, readLevers } from "./lever/levers.ts";
import type { App } from "./prey/app.ts";
import type { KillRecord } from "./record/kill-record.ts";
import type { RecordStore } from "./record/record-store.ts";
import { Turn, type TurnDeps, type TurnResult } from "./turn.ts";

export interface KillerDeps extends TurnDeps {
  readonly leader: Leader;
  readonly random: Random;
}

const MOST_TICK_MS = 5_000;
/** Applications that agree, or no longer do, are seen in the schedule after this; when their turn comes they are looked at again. */
const APPS_EVERY_MS = 300_000;
const MOST_HANDLED = 1_000;
/** A turn with its gates, and the watch on what comes of it. */
const TURN_MS = 600_000;

/** Looks every few seconds whose turn it is, as long as it leads. */
export class Killer {
  readonly #options: KillerOptions;
  readonly #deps: KillerDeps;
  readonly #turn: Turn;
  readonly #pace: Pace;
  /** Turns that ended without a kill; those with one are in the record. */
  readonly #handled = new Set<string>();
  #apps: readonly App[] = [];
  #appsReadMs = Number.NEGATIVE_INFINITY;
  #levers: LeverReading | undefined;
  #problem: string | undefined;
  #last: TurnResult | undefined;
  #pause = new AbortController();

  constructor(options: KillerOptions, deps: KillerDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#turn = new Turn(options, deps);
    this.#pace =
      options.pace === "interval"
        ? intervalPace(options.intervalMs)
        : mtbfPace(
            options.calendar,
            () => this.#apps,
            (problem) => deps.log.warn({ problem }, "what an application asks for cannot be read"),
          );
  }

  /** Resolves when `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const tickMs = Math.min(MOST_TICK_MS, Math.max(50, this.#options.intervalMs / 4));
    while (!signal.aborted) {
      const tenure = this.#deps.leader.tenure();
      if (tenure !== undefined) await this.#tick(AbortSignal.any([signal, tenure, AbortSignal.timeout(TURN_MS)]));
      this.#pause = new AbortController();
      await sleep(this.#deps.clock, tickMs, AbortSignal.any([signal, this.#pause.signal]));
    }
  }

  /** Looks at once. */
  wake(): void {
    this.#pause.abort();
  }

  get levers(): LeverReading | undefined {
    return this.#levers;
  }

  /** Why it cannot be told now whose turn it is. */
  get problem(): string | undefined {
    return this.#problem;
  }

  get last(): TurnResult | undefined {
    return this.#last;
  }

  /** Turns of today by what is known. */
  schedule(nowMs: number): ReturnType<Pace["today"]> {
    const record = this.#levers?.record;
    return record === undefined ? [] : this.#pace.today(record, nowMs);
  }

  async #tick(signal: AbortSignal): Promise<void> {
    const { store, client, meter, log, clock } = this.#deps;
    try {
      const levers = await readLevers({ file: this.#options.haltFile, namespace: this.#options.namespace }, store, client, signal);
      meter.halted(levers.halted !== undefined);
      const record = levers.record ?? (await this.#begin(store, signal));
      this.#levers = { ...levers, record };
      await this.#readApps(signal);
      this.#problem = undefined;
      for (const attack of this.#pace.due(record, clock.wallMs())) {
        if (this.#handled.has(attack.id) || signal.aborted) continue;
        this.#remember(attack.id);
        const now = await readLevers({ file: this.#options.haltFile, namespace: this.#options.namespace }, store, client, signal);
        if (now.record === undefined) throw new AppError("CHAOS_RECORD", "the record of kills was deleted; it is begun anew");
        this.#last = await this.#turn.take(attack, { ...now, record: now.record }, signal);
      }
    } catch (error) {
      if (signal.aborted) return;
      const problem = messageOf(error);
      meter.error("record");
      if (problem !== this.#problem) log.error({ problem }, "nobody is killed: it cannot be told whether anybody may be");
      this.#problem = problem;
    }
  }

  #remember(id: string): void {
    this.#handled.add(id);
    const [oldest] = this.#handled;
    if (this.#handled.size > MOST_HANDLED && oldest !== undefined) this.#handled.delete(oldest);
  }

  async #begin(store: RecordStore, signal: AbortSignal): Promise<KillRecord> {
    const { random, clock } = this.#deps;
    const record: KillRecord = { seed: Math.floor(random.next() * 2 ** 32), beganAtMs: clock.wallMs(), attacks: [] };
    await store.save(record, signal);
    return record;
  }

  async #readApps(signal: AbortSignal): Promise<void> {
    const { clock, prey } = this.#deps;
    if (this.#options.pace === "interval" || clock.monoMs() - this.#appsReadMs < APPS_EVERY_MS) return;
    this.#apps = await prey.apps(signal);
    this.#appsReadMs = clock.monoMs();
  }
}
