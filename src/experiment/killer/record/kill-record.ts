import { AppError, savedFields } from "../../../kernel/index.ts";

/** What the killers of one name did, kept where a restart and another instance find it. */
export interface KillRecord {
  /** Of all draws of days and minutes. Chosen once, so that a restart does not throw the dice again. */
  readonly seed: number;
  /** When the first of them began; rounds are counted from it. */
  readonly beganAtMs: number;
  /** The newest last. */
  readonly attacks: readonly RecordedAttack[];
}

/** One time that it was somebody's turn. Written before anybody is killed. */
export interface RecordedAttack {
  /** Nobody attacks under the same one twice. */
  readonly id: string;
  readonly atMs: number;
  readonly isDry: boolean;
  readonly victims: readonly RecordedVictim[];
  /** Why there are none. */
  readonly said?: string;
}

export interface RecordedVictim {
  /** `pod shop/cart-1`, `instance i-0123`. */
  readonly name: string;
  readonly uid: string;
  readonly owner: string;
  /** `drawn`: nobody wrote what came of it, so that it may be gone. */
  readonly outcome: Outcome;
}

/** `refused`: by a PodDisruptionBudget; `spared`: a dry run, or it was halted meanwhile. */
export type Outcome = "drawn" | "killed" | "refused" | "failed" | "spared";

const VERSION = 1;
/** An attack has about 300 bytes, a ConfigMap room for a million. */
const MOST_ATTACKS = 500;
const OUTCOMES: ReadonlySet<string> = new Set(["drawn", "killed", "refused", "failed", "spared"]);
const { record, list, text, number } = savedFields(
  (what) => new AppError("CHAOS_RECORD", `the record of kills cannot be read: ${what}; nobody is killed until it is mended or deleted`),
);

export function withAttack(kept: KillRecord, attack: RecordedAttack): KillRecord {
  const others = kept.attacks.filter(({ id }) => id !== attack.id);
  return { ...kept, attacks: [...others, attack].slice(-MOST_ATTACKS) };
}

export function encodeRecord(kept: KillRecord): string {
  return JSON.stringify({ version: VERSION, ...kept });
}

/** Throws AppError `CHAOS_RECORD`. */
export function decodeRecord(saved: string): KillRecord {
  let parsed: unknown;
  try {
    parsed = JSON.parse(saved);
  } catch {
    parsed = undefined;
  }
  const root = record(parsed, "it");
  if (root["version"] !== VERSION)
    throw new AppError(
      "CHAOS_RECORD",
      `the record of kills is of version ${String(root["version"])}, and this is ${VERSION}; nobody is killed`,
    );
  return {
    seed: number(root["seed"], "seed"),
    beganAtMs: number(root["beganAtMs"], "beganAtMs"),
    attacks: list(root["attacks"], "attacks").map((entry, at) => attackOf(entry, `attacks[${at}]`)),
  };
}

function attackOf(saved: unknown, where: string): RecordedAttack {
  const fields = record(saved, where);
  const { said } = fields;
  return {
    id: text(fields["id"], `${where}.id`),
    atMs: number(fields["atMs"], `${where}.atMs`),
    isDry: fields["isDry"] === true,
    victims: list(fields["victims"], `${where}.victims`).map((victim, at) => victimOf(victim, `${where}.victims[${at}]`)),
    ...(typeof said === "string" ? { said } : {}),
  };
}

function victimOf(saved: unknown, where: string): RecordedVictim {
  const fields = record(saved, where);
  const outcome = text(fields["outcome"], `${where}.outcome`);
  return {
    name: text(fields["name"], `${where}.name`),
    uid: text(fields["uid"], `${where}.uid`),
    owner: text(fields["owner"], `${where}.owner`),
    outcome: OUTCOMES.has(outcome) ? (outcome as Outcome) : "drawn",
  };
}
