import type { FaultEvidence } from "../evidence/evidence.ts";
import { Histogram } from "./record/histogram.ts";
import { histogramOf } from "./record/histogram-text.ts";
import type { SecondResult } from "./record/load-result.ts";

/** Which seconds of a load are looked at. */
export const OVER = ["all", "last", "before-faults", "during-faults", "since-faults", "after-faults"] as const;
export type Over = (typeof OVER)[number];

export interface WindowChoice {
  readonly over: Over;
  /** Of `last`. */
  readonly seconds: number;
  /** Left out at the beginning of the window. */
  readonly skipSeconds: number;
}

/** The figures of some seconds. */
export interface WindowFigures {
  readonly sent: number;
  readonly ok: number;
  readonly failed: Readonly<Record<string, number>>;
  /** Not answered, though a second has passed since the last of them was due. */
  readonly unanswered: number;
  readonly outageSeconds: number;
  readonly response: Histogram;
  /** p99 of how late the generator was, in all but a tenth of the seconds. */
  readonly lateMs: number;
}

const SECOND_MS = 1000;

/** The times between which a choice lies, in Unix milliseconds, of a load that began at `startedMs`; undefined when there was no fault that it speaks of. */
export function boundsOf(
  { over, seconds, skipSeconds }: WindowChoice,
  faults: readonly FaultEvidence[],
  startedMs: number,
  nowMs: number,
): readonly [number, number] | undefined {
  const injected = faults.flatMap(({ injectedAt }) => (injectedAt === null ? [] : [Date.parse(injectedAt)]));
  const reverted = faults.flatMap(({ injectedAt, revertedAt, isFinal }) => {
    const ended = revertedAt ?? (isFinal ? injectedAt : null);
    return ended === null ? [] : [Date.parse(ended)];
  });
  const skipMs = skipSeconds * SECOND_MS;
  const hasFaults = injected.length > 0;
  const first = hasFaults ? Math.min(...injected) : nowMs;
  const last = reverted.length < injected.length ? nowMs : Math.max(...reverted);
  if (over === "all") return [startedMs + skipMs, nowMs];
  if (over === "last") return [nowMs - (seconds + 1) * SECOND_MS, nowMs];
  if (over === "before-faults") return [startedMs + skipMs, first];
  if (!hasFaults) return undefined;
  if (over === "during-faults") return [first + skipMs, last];
  if (over === "since-faults") return [first + skipMs, nowMs];
  return reverted.length < injected.length ? undefined : [last + skipMs, nowMs];
}

/** The seconds that lie between: those of a fault may begin before it, those before and after lie wholly outside of it. */
export function secondsIn(
  seconds: readonly SecondResult[],
  [fromMs, toMs]: readonly [number, number],
  over: Over,
): readonly SecondResult[] {
  const mayOverlap = over === "during-faults" || over === "since-faults";
  return seconds.filter(({ at }) => {
    const startMs = Date.parse(at);
    const isIn = mayOverlap ? startMs + SECOND_MS > fromMs && startMs < toMs : startMs >= fromMs && startMs + SECOND_MS <= toMs;
    return isIn;
  });
}

export function figuresOf(seconds: readonly SecondResult[], nowMs: number): WindowFigures {
  const failed: Record<string, number> = {};
  const response = new Histogram(2);
  let [sent, ok, unanswered, outageSeconds] = [0, 0, 0, 0];
  for (const second of seconds) {
    const wrong = Object.values(second.failed).reduce((sum, count) => sum + count, 0);
    const open = second.sent - second.ok - wrong;
    const isLong = Date.parse(second.at) + 2 * SECOND_MS <= nowMs;
    // What is under way is neither right nor wrong, until it takes long.
    sent += isLong ? second.sent : second.sent - open;
    ok += second.ok;
    if (isLong) unanswered += open;
    if (wrong > 0 || (isLong && open > 0)) outageSeconds++;
    for (const [name, count] of Object.entries(second.failed)) failed[name] = (failed[name] ?? 0) + count;
    response.add(histogramOf(second.response));
  }
  const late = seconds.map(({ lateP99Ms }) => lateP99Ms).toSorted((a, b) => a - b);
  return { sent, ok, failed, unanswered, outageSeconds, response, lateMs: late[Math.ceil(late.length * 0.9) - 1] ?? 0 };
}
