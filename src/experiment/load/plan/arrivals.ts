import type { Random } from "../../../kernel/index.ts";
import type { Segment } from "./phases.ts";

/**
 * When the requests of segments are due. The n-th is due where the area under the rate reaches n; with chance, where it reaches the sum of n
 * exponential draws, which is a Poisson process whose rate follows the segments (time change theorem).
 */
export class Arrivals {
  readonly #segments: readonly Segment[];
  readonly #random: Random | undefined;
  #index = 0;
  /** Where the current segment begins: in time, and in requests. */
  #startS = 0;
  #startArea = 0;
  #area = 0;

  /** With `random` as independent users arrive, else evenly spaced. */
  constructor(segments: readonly Segment[], random: Random | undefined) {
    this.#segments = segments;
    this.#random = random;
    if (random !== undefined) this.#area = draw(random);
  }

  /** Milliseconds from the start at which the next one is due; -1 when there is none left. */
  next(): number {
    for (;;) {
      const segment = this.#segments[this.#index];
      if (segment === undefined) return -1;
      const area = ((segment.fromPerSecond + segment.toPerSecond) / 2) * segment.seconds;
      // One that is due where a segment ends belongs to the next, so that none is due when all is over.
      if (this.#area < this.#startArea + area - 1e-9) {
        const dueS = this.#startS + secondsUntil(segment, this.#area - this.#startArea);
        this.#area += this.#random === undefined ? 1 : draw(this.#random);
        return dueS * 1000;
      }
      this.#index++;
      this.#startS += segment.seconds;
      this.#startArea += area;
    }
  }
}

/** The time at which a straight line has made `area` requests: the root of slope/2 t^2 + from t = area, in the form that is stable for a small slope. */
function secondsUntil({ fromPerSecond, toPerSecond, seconds }: Segment, area: number): number {
  if (area <= 0) return 0;
  const slope = (toPerSecond - fromPerSecond) / seconds;
  const root = Math.sqrt(Math.max(0, fromPerSecond * fromPerSecond + 2 * slope * area));
  return (2 * area) / (fromPerSecond + root);
}

function draw(random: Random): number {
  return -Math.log(1 - random.next());
}
