import type { AppError } from "../kernel/index.ts";
import type { MetricsRegistry } from "../telemetry/index.ts";

/** Counts the calls that are made of AWS. */
export interface AttemptMeter {
  /** An attempt ended, those that are made again included; `code` is AWS's own, or `ok`. */
  attempted(service: string, action: string, code: string, durationMs: number): void;
  /** What came of a call: counted when it is an answer that is not believed. */
  failed(service: string, action: string, error: AppError): void;
}

/** Answers that came and cannot be true, are not whole, or are none. */
const NOT_BELIEVED: ReadonlySet<string> = new Set(["AWS_UNREADABLE", "AWS_INCOMPLETE", "AWS_PAGES"]);

export function createAttemptMeter(metrics: MetricsRegistry | undefined): AttemptMeter {
  if (metrics === undefined) return { attempted: () => undefined, failed: () => undefined };
  const total = metrics.counter("aws_api_calls_total", "Calls of AWS, each attempt, by AWS's code of the error (ok without).", [
    "service",
    "action",
    "code",
  ]);
  const seconds = metrics.histogram(
    "aws_api_call_duration_seconds",
    "Duration of calls of AWS, each attempt, without the time that it waited.",
    [0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10],
    ["service", "action"],
  );
  const implausible = metrics.counter("aws_api_implausible_answers_total", "Answers of AWS that were not believed, by our code of why.", [
    "service",
    "action",
    "code",
  ]);
  return {
    attempted(service, action, code, durationMs) {
      total.with(service, action, code).add();
      seconds.with(service, action).observe(durationMs / 1000);
    },
    failed(service, action, { code }) {
      if (NOT_BELIEVED.has(code)) implausible.with(service, action, code).add();
    },
  };
}
