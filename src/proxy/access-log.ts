import type { Clock } from "../kernel/index.ts";
import type { Cell } from "../telemetry/index.ts";
import { type AccessLogEntry, type LineFormat, lineFormat } from "./access-log-line.ts";
import { LineBuffer, type LineSink } from "./line-buffer.ts";
import type { AccessLogOptions } from "./options.ts";

/** A line for each exchange. */
export class AccessLog extends LineBuffer {
  readonly #format: LineFormat;

  constructor(sink: LineSink, options: AccessLogOptions, clock: Clock, dropped: Cell) {
    super(sink, options, clock, dropped);
    this.#format = lineFormat(options.format);
  }

  tell(entry: AccessLogEntry): void {
    this.add(this.#format.line(entry));
  }
}
