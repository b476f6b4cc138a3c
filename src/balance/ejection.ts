/** When an endpoint is left alone, and for how long. */
export interface EjectionOptions {
  /** Consecutive connect failures that eject. */
  readonly failures: number;
  /** Consecutive bad answers that eject; Infinity for never. */
  readonly answers: number;
  /** Share of bad answers that ejects, once there were `answerCount` in the last one to two windows. */
  readonly answerShare: number;
  readonly answerCount: number;
  readonly windowMs: number;
  /** Of the endpoints of a pool at most this share, and one in any case, is left alone because of answers: when all are bad it is not they. */
  readonly outlierShare: number;
  /** Length of the first ejection; each further one in a row is twice as long. */
  readonly baseMs: number;
  readonly maxMs: number;
  /** With a smaller share of the endpoints left than this, ejections are ignored: a half broken choice beats none. */
  readonly panicShare: number;
}

export const defaultEjection: EjectionOptions = Object.freeze({
  failures: 1,
  answers: 5,
  answerShare: 0.5,
  answerCount: 20,
  windowMs: 5_000,
  outlierShare: 0.3,
  baseMs: 1_000,
  maxMs: 30_000,
  panicShare: 0.5,
});

/** Length of an ejection that follows `before` others in a row. */
export function ejectionMs(before: number, { baseMs, maxMs }: EjectionOptions): number {
  return Math.min(maxMs, baseMs * 2 ** Math.min(before, 16));
}
