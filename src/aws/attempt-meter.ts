import type { MetricsRegistry } from "../telemetry/index.ts";

/** Counts each call that is made of AWS, those that are made again included; `code` is AWS's own, or `ok`. */
export type AttemptMeter = (service: string, action: string, code: string, durationMs: number) => void;

export function createAttemptMeter(metrics: MetricsRegistry | undefined): AttemptMeter {
  if (metrics === undefined) return () => undefined;
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
  return (service, action, code, durationMs) => {
    total.with(service, action, code).add();
    seconds.with(service, action).observe(durationMs / 1000);
  };
}
