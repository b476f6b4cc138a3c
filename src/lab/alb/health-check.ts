import { request } from "node:http";
import type { Clock } from "../../kernel/index.ts";
import type { HealthEvent } from "./target-health.ts";
import type { Matcher } from "./matcher.ts";

export interface HealthCheckRequest {
  readonly address: string;
  readonly port: number;
  readonly path: string;
  readonly timeoutMs: number;
  readonly matcher: Matcher;
  readonly signal: AbortSignal;
}

type CheckResult = Extract<HealthEvent, { readonly type: "check-passed" | "check-failed" }>;

/**
 * One health check: a GET on a connection of its own. The status decides, once the head is there; the body is not read.
 * Resolves undefined when `signal` aborts, and never rejects. Descriptions are those of DescribeTargetHealth.
 */
export function checkHealth(check: HealthCheckRequest, clock: Clock): Promise<CheckResult | undefined> {
  return new Promise((resolve) => {
    const probe = request({
      host: check.address,
      port: check.port,
      path: check.path,
      agent: false,
      signal: check.signal,
      headers: {
        host: `${check.address}:${check.port}`,
        connection: "close",
        "user-agent": "ELB-HealthChecker/2.0",
        "accept-encoding": "gzip, compressed",
      },
    });
    const finish = (result: CheckResult | undefined): void => {
      timer.cancel();
      resolve(result);
      probe.destroy();
    };
    const timer = clock.timer(check.timeoutMs, () =>
      finish({ type: "check-failed", reason: "Target.Timeout", description: "Request timed out" }),
    );
    probe.on("response", (response) => {
      const statusCode = response.statusCode ?? 0;
      finish(
        check.matcher(statusCode)
          ? { type: "check-passed" }
          : {
              type: "check-failed",
              reason: "Target.ResponseCodeMismatch",
              description: `Health checks failed with these codes: [${statusCode}]`,
            },
      );
    });
    probe.on("error", () => {
      finish(
        check.signal.aborted
          ? undefined
          : { type: "check-failed", reason: "Target.FailedHealthChecks", description: "Health checks failed" },
      );
    });
    probe.end();
  });
}
