import { type Clock, messageOf, sleep } from "../../kernel/index.ts";
import type { KubeClient } from "../../kube/index.ts";
import type { Log } from "../../telemetry/index.ts";
import type { KillerOptions } from "./killer-options.ts";
import { type LeverReading, readLevers } from "./lever/levers.ts";
import type { Attack } from "./pace/attack.ts";
import type { DrawnVictim, Prey } from "./prey/prey.ts";
import { type KillRecord, type RecordedAttack, type RecordedVictim, withAttack } from "./record/kill-record.ts";
import { type RecordStore, setHalt } from "./record/record-store.ts";
import type { KillerMeter } from "./tell/killer-meter.ts";

export interface TurnDeps {
  readonly client: KubeClient;
  readonly prey: Prey;
  readonly store: RecordStore;
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: KillerMeter;
}

/** What came of somebody's turn. */
export interface TurnResult {
  readonly id: string;
  readonly atMs: number;
  readonly outcome: "killed" | "dry-run" | "nobody" | "quiet" | "halted" | "gate" | "error";
  readonly said: string;
  readonly victims: readonly RecordedVictim[];
}

const RECOVERY_LOOK_MS = 1_000;

/** One turn, from the levers to what people are told. Whatever cannot be read or written before ends it, and nobody is killed. */
export class Turn {
  readonly #options: KillerOptions;
  readonly #deps: TurnDeps;

  constructor(options: KillerOptions, deps: TurnDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  /** `levers` were read just now. Never rejects. */
  async take(attack: Attack, levers: LeverReading & { readonly record: KillRecord }, signal: AbortSignal): Promise<TurnResult> {
    const { clock, log, meter } = this.#deps;
    const result = await this.#take(attack, levers, signal);
    meter.turn(result.outcome);
    if (result.outcome === "error")
      log.error({ turn: attack.id, reason: result.said }, "nobody was killed: something could not be read or written");
    else
      log.info(
        { turn: attack.id, outcome: result.outcome, said: result.said, at: new Date(clock.wallMs()).toISOString() },
        "a turn is over",
      );
    return result;
  }

  async #take(
    attack: Attack,
    { record, halted }: LeverReading & { readonly record: KillRecord },
    signal: AbortSignal,
  ): Promise<TurnResult> {
    const { calendar } = this.#options;
    const { clock, meter, store } = this.#deps;
    const nowMs = clock.wallMs();
    const ended = (outcome: TurnResult["outcome"], said: string, victims: readonly RecordedVictim[] = []): TurnResult => ({
      id: attack.id,
      atMs: nowMs,
      outcome,
      said,
      victims,
    });
    if (halted !== undefined) return ended("halted", halted);
    const quiet = calendar.quiet(nowMs);
    if (quiet !== undefined) return ended("quiet", quiet);
    const closed = await this.#closedGate(signal);
    if (closed !== undefined) return ended("gate", closed);
    let step = "world";
    try {
      const plan = await this.#deps.prey.draw(attack, record, nowMs, signal);
      if (plan.victims.length === 0) return ended("nobody", `nobody could be killed (${plan.spared} are safe)`);
      step = "record";
      const begun: RecordedAttack = { id: attack.id, atMs: nowMs, isDry: this.#options.isDry, victims: plan.victims.map(recorded) };
      await store.save(withAttack(record, begun), signal);
      const victims = await this.#kill(plan.victims, signal);
      await this.#conclude({ ...begun, victims }, signal);
      await this.#watchRecovery(victims, signal);
      const killed = victims.filter(({ outcome }) => outcome === "killed").length;
      return ended(
        this.#options.isDry ? "dry-run" : killed > 0 ? "killed" : "nobody",
        `${killed} of ${victims.length} drawn were killed`,
        victims,
      );
    } catch (error) {
      meter.error(step);
      return ended("error", messageOf(error));
    }
  }

  async #closedGate(signal: AbortSignal): Promise<string | undefined> {
    for (const gate of this.#options.gates) {
      try {
        const why = await gate.check(signal);
        if (why !== undefined) return why;
      } catch (error) {
        this.#deps.meter.error("gate");
        return `${gate.name} cannot be told: ${messageOf(error)}`;
      }
    }
    return undefined;
  }

  async #kill(drawn: readonly DrawnVictim[], signal: AbortSignal): Promise<readonly RecordedVictim[]> {
    const { isDry } = this.#options;
    const { clock, meter } = this.#deps;
    const victims: RecordedVictim[] = [];
    for (const [at, victim] of drawn.entries()) {
      const halted = at === 0 ? undefined : await this.#haltedMeanwhile(signal);
      const startedMs = clock.monoMs();
      const { outcome, error } =
        isDry || halted !== undefined ? ({ outcome: "spared", error: halted } as const) : await victim.take(signal);
      if (outcome === "killed") meter.took((clock.monoMs() - startedMs) / 1000);
      if (outcome === "failed") meter.error("kill");
      victims.push({ ...recorded(victim), outcome });
      victim.tell({ isDry, outcome, atMs: clock.wallMs(), error });
    }
    return victims;
  }

  /** Between two kills somebody may have pulled a lever, or it cannot be told. */
  async #haltedMeanwhile(signal: AbortSignal): Promise<string | undefined> {
    const { haltFile, namespace } = this.#options;
    try {
      return (await readLevers({ file: haltFile, namespace }, this.#deps.store, this.#deps.client, signal)).halted;
    } catch (error) {
      return messageOf(error);
    }
  }

  /** What came of it. Where it cannot be written, what was written before says `drawn`: they may be gone. */
  async #conclude(attack: RecordedAttack, signal: AbortSignal): Promise<void> {
    const { store, log, meter } = this.#deps;
    try {
      const { record } = await store.load(signal);
      if (record !== undefined) await store.save(withAttack(record, attack), signal);
    } catch (error) {
      meter.error("record");
      log.warn({ turn: attack.id, reason: messageOf(error) }, "what came of a turn could not be recorded");
    }
  }

  /** Where all is not well again in time nobody else is killed until a person looked. */
  async #watchRecovery(victims: readonly RecordedVictim[], signal: AbortSignal): Promise<void> {
    const { recovery, namespace, name } = this.#options;
    const { clock, client, log } = this.#deps;
    if (recovery === undefined || !victims.some(({ outcome }) => outcome === "killed")) return;
    const endMs = clock.monoMs() + recovery.withinMs;
    let why: string | undefined;
    do {
      await sleep(clock, RECOVERY_LOOK_MS, signal);
      why = await recovery.gate.check(signal).catch((error: unknown) => `${recovery.gate.name} cannot be told: ${messageOf(error)}`);
    } while (why !== undefined && clock.monoMs() < endMs && !signal.aborted);
    if (why === undefined || signal.aborted) return;
    const reason = `${why}, ${recovery.withinMs / 1000} s after ${victims.map(({ name: victim }) => victim).join(", ")}`;
    log.error({ reason }, "it is not well again after a kill: the killer halts itself");
    await setHalt(client, { namespace, name }, reason);
  }
}

function recorded({ name, uid, owner }: DrawnVictim): RecordedVictim {
  return { name, uid, owner, outcome: "drawn" };
}
