import type { Attack } from "../pace/attack.ts";
import type { KillRecord, Outcome } from "../record/kill-record.ts";
import type { Notice } from "../tell/notice.ts";
import type { App } from "./app.ts";

export interface Taken {
  readonly outcome: Outcome;
  /** Of what was not killed: why. */
  readonly error: string | undefined;
}

/** Somebody who was drawn. */
export interface DrawnVictim {
  /** `pod shop/cart-1`, `instance i-0123`. */
  readonly name: string;
  readonly uid: string;
  /** `Deployment shop/cart`. */
  readonly owner: string;
  /** Kills exactly this one. Never rejects. */
  take(signal: AbortSignal): Promise<Taken>;
  tell(said: Pick<Notice, "isDry" | "outcome" | "atMs" | "error">): void;
}

/** Those among whom is killed. */
export interface Prey {
  /** Those who agreed, for turns of their own. Rejects when they cannot be read whole. */
  apps(signal: AbortSignal): Promise<readonly App[]>;
  /** Reads all that is to be known, and draws. Rejects when anything of it cannot be read. */
  draw(
    attack: Attack,
    record: KillRecord,
    nowMs: number,
    signal: AbortSignal,
  ): Promise<{ readonly victims: readonly DrawnVictim[]; readonly spared: number }>;
}
