import type { ExperimentView } from "../contract.ts";
import { count, countOf } from "./words.ts";

/** One that is over stays for so long, unless another begins: somebody may want to read it. */
const SHOWN_AFTER_MS = 10 * 60_000;

export function stillShown({ endedAtMs, stage, looks, startedAtMs }: ExperimentView, nowMs: number): boolean {
  const lastMs = endedAtMs ?? (stage === "lost" ? (looks.at(-1)?.atMs ?? startedAtMs) : nowMs);
  return nowMs - lastMs < SHOWN_AFTER_MS;
}

const STAGES = {
  before: "is it well before anything is done?",
  method: "it is being disturbed",
  after: "is it well afterwards?",
  rollbacks: "putting things back",
  over: "over",
  lost: "its process is gone",
} as const satisfies Record<ExperimentView["stage"], string>;

export function stageLabel({ stage }: ExperimentView): string {
  return STAGES[stage];
}

/** `31 looks, none missed`. */
export function lookLabel(total: number, missed: number): string {
  if (total === 0) return "nobody looked yet";
  return `${countOf(total, "look")}, ${missed === 0 ? "none" : count(missed)} missed`;
}
