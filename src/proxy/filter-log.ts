import type { Clock } from "../kernel/index.ts";
import type { FilterLog } from "../route/index.ts";
import type { LineBuffer } from "./line-buffer.ts";

/** As the other lines on standard error have it. */
const LEVEL_INFO = 30;
const EACH_NOT_ASCII = /[^ -~]/g;

/** What filters log: one JSON object a line, in ASCII, in the form of the router's log. */
export class JsonFilterLog implements FilterLog {
  readonly #lines: LineBuffer;
  readonly #clock: Clock;

  constructor(lines: LineBuffer, clock: Clock) {
    this.#lines = lines;
    this.#clock = clock;
  }

  tell(filter: string, routeId: string, said: object): void {
    const line = { level: LEVEL_INFO, time: this.#clock.wallMs(), name: "filter", route: routeId, ...said, msg: filter };
    this.#lines.add(`${JSON.stringify(line).replaceAll(EACH_NOT_ASCII, escaped)}\n`);
  }
}

function escaped(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
