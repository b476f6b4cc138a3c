import { type RequestOptions, request } from "node:http";
import { request as secureRequest } from "node:https";
import { connect } from "node:net";
import type { Clock } from "../../kernel/index.ts";
import type { HealthCheckConfig } from "./config.ts";
import type { HealthEvent } from "./target-health.ts";
import type { Matcher } from "./matcher.ts";

export interface HealthCheckRequest {
  readonly protocol: HealthCheckConfig["protocol"];
  readonly address: string;
  readonly port: number;
  readonly path: string;
  readonly timeoutMs: number;
  readonly matcher: Matcher;
  readonly signal: AbortSignal;
}

type CheckResult = Extract<HealthEvent, { readonly type: "check-passed" | "check-failed" }>;

const FAILED: CheckResult = { type: "check-failed", reason: "Target.FailedHealthChecks", description: "Health checks failed" };

/**
 * One health check, on a connection of its own. Resolves undefined when `signal` aborts, and never rejects. Descriptions
 * are those of DescribeTargetHealth.
 */
export function checkHealth(check: HealthCheckRequest, clock: Clock): Promise<CheckResult | undefined> {
  return new Promise((resolve) => {
    const finish = (result: CheckResult): void => {
      timer.cancel();
      resolve(check.signal.aborted ? undefined : result);
      probe.destroy();
    };
    const timer = clock.timer(check.timeoutMs, () =>
      finish({ type: "check-failed", reason: "Target.Timeout", description: "Request timed out" }),
    );
    const probe = check.protocol === "TCP" ? startConnecting(check, finish) : startGetting(check, finish);
    probe.on("error", () => finish(FAILED));
  });
}

/** A connection that opens is a pass. */
function startConnecting({ address, port, signal }: HealthCheckRequest, finish: (result: CheckResult) => void): ReturnType<typeof connect> {
  const socket = connect({ host: address, port, signal });
  socket.on("connect", () => finish({ type: "check-passed" }));
  return socket;
}

/** The status decides, once the head is there; the body is not read. What an HTTPS target proves of itself is not looked at. */
function startGetting(check: HealthCheckRequest, finish: (result: CheckResult) => void): ReturnType<typeof request> {
  const options: RequestOptions = {
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
  };
  const probe = check.protocol === "HTTPS" ? secureRequest({ ...options, rejectUnauthorized: false }) : request(options);
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
  probe.end();
  return probe;
}
