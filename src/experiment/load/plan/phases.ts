import { AppError } from "../../../kernel/index.ts";
import { LOAD_LIMITS } from "./limits.ts";

/** So many seconds in which the rate goes in a straight line from one value to another. */
export interface Segment {
  readonly fromPerSecond: number;
  readonly toPerSecond: number;
  readonly seconds: number;
}

/** What can be written for a phase; part of messages. */
export const PHASE_FORMS =
  "200/60s (constant), 50..500/30s (ramp), 100..500+100/10s (steps of 10 s) or 50^500/20s,5s,35s (spike after 20 s)";

const NUMBER = String.raw`(\d+(?:\.\d+)?)`;
const CONSTANT = new RegExp(`^${NUMBER}/([^,]+)$`);
const RAMP = new RegExp(String.raw`^${NUMBER}\.\.${NUMBER}/([^,]+)$`);
const STEPS = new RegExp(String.raw`^${NUMBER}\.\.${NUMBER}\+${NUMBER}/([^,]+)$`);
const SPIKE = new RegExp(String.raw`^${NUMBER}\^${NUMBER}/([^,]+),([^,]+),([^,]+)$`);
const STEPS_LIMIT = 1000;

/** Reads one phase ({@link PHASE_FORMS}). Throws AppError `EXPERIMENT_LOAD_PLAN`. */
export function readPhase(text: string): readonly Segment[] {
  const spike = SPIKE.exec(text);
  if (spike !== null) {
    const [, base = "", peak = "", before = "", during = "", after = ""] = spike;
    return [constant(base, before), constant(peak, during), constant(base, after)];
  }
  const steps = STEPS.exec(text);
  if (steps !== null) {
    const [, from = "", to = "", by = "", each = ""] = steps;
    return stepRates(Number(from), Number(to), Number(by)).map((rate) => constant(String(rate), each));
  }
  const ramp = RAMP.exec(text);
  if (ramp !== null) {
    const [, from = "", to = "", over = ""] = ramp;
    return [{ fromPerSecond: rateOf(from), toPerSecond: rateOf(to), seconds: durationOf(over) }];
  }
  const [, rate, over] = CONSTANT.exec(text) ?? [];
  if (rate === undefined || over === undefined) throw badPhase(`phase ${JSON.stringify(text)} is none of ${PHASE_FORMS}`);
  return [constant(rate, over)];
}

/** The rates of steps: the last one is `to` or the last below it. Throws AppError `EXPERIMENT_LOAD_PLAN`. */
export function stepRates(from: number, to: number, by: number): readonly number[] {
  if (by <= 0 || to < from || (to - from) / by > STEPS_LIMIT)
    throw badPhase(`steps from ${from} to ${to} by ${by}: write a start, an end that is not below it, and up to ${STEPS_LIMIT} steps`);
  const rates: number[] = [];
  for (let step = 0; from + step * by <= to + 1e-9; step++) rates.push(from + step * by);
  return rates;
}

/** Seconds of `30s`, `500ms`, `2m`, `1h`, or of a number of seconds. Throws AppError `EXPERIMENT_LOAD_PLAN`. */
export function durationOf(text: string): number {
  const [, number, unit = "s"] = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text.trim()) ?? [];
  const seconds = Number(number) * { ms: 0.001, s: 1, m: 60, h: 3600 }[unit as "s"];
  if (number === undefined || !(seconds > 0 && seconds <= LOAD_LIMITS.durationS))
    throw badPhase(`duration ${JSON.stringify(text)}: write a time up to ${LOAD_LIMITS.durationS / 3600} hours, as in 30s, 500ms or 2m`);
  return seconds;
}

/** How many requests these segments make. */
export function requestsOf(segments: readonly Segment[]): number {
  return segments.reduce((sum, { fromPerSecond, toPerSecond, seconds }) => sum + ((fromPerSecond + toPerSecond) / 2) * seconds, 0);
}

export function secondsOf(segments: readonly Segment[]): number {
  return segments.reduce((sum, { seconds }) => sum + seconds, 0);
}

function constant(rate: string, over: string): Segment {
  const perSecond = rateOf(rate);
  return { fromPerSecond: perSecond, toPerSecond: perSecond, seconds: durationOf(over) };
}

function rateOf(text: string): number {
  const rate = Number(text);
  if (!(rate >= 0 && rate <= LOAD_LIMITS.ratePerSecond))
    throw badPhase(`rate ${text}: write a number of requests a second from 0 to ${LOAD_LIMITS.ratePerSecond}`);
  return rate;
}

function badPhase(message: string): AppError {
  return new AppError("EXPERIMENT_LOAD_PLAN", message);
}
