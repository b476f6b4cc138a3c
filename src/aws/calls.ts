import type { AppError } from "../kernel/index.ts";
import type { AttemptMeter } from "./attempt-meter.ts";
import { awsError } from "./errors.ts";
import type { Effect, Governor } from "./governor.ts";

/** Time for a call with all its attempts and waits, and for one attempt. */
export interface CallTimes {
  readonly timeoutMs: number;
  readonly attemptTimeoutMs: number;
}

export const DEFAULT_CALL_TIMES: CallTimes = Object.freeze({ timeoutMs: 60_000, attemptTimeoutMs: 10_000 });

export interface AwsCallsDeps {
  readonly governor: Governor;
  readonly times: CallTimes;
  /** AWS says that it does not take the credentials any more. */
  readonly onExpiredCredentials: () => void;
  readonly meter: AttemptMeter;
  /** Monotonic milliseconds. */
  readonly nowMs: () => number;
}

/** Makes calls of the SDK, with what is read of their answers, through the governor, with our errors. */
export class AwsCalls {
  readonly #deps: AwsCallsDeps;

  constructor(deps: AwsCallsDeps) {
    this.#deps = deps;
  }

  make<T>(service: string, action: string, effect: Effect, attempt: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { governor, times, onExpiredCredentials, meter, nowMs } = this.#deps;
    return governor.call({
      service,
      action,
      effect,
      isIdempotent: true,
      ...times,
      run: async (signal) => {
        const startMs = nowMs();
        try {
          const answer = await attempt(signal);
          meter.attempted(service, action, "ok", nowMs() - startMs);
          return answer;
        } catch (thrown) {
          const error = awsError(thrown, action);
          meter.attempted(service, action, awsCodeOf(thrown), nowMs() - startMs);
          meter.failed(service, action, error);
          if (error.code === "AWS_CREDENTIALS") onExpiredCredentials();
          throw error;
        }
      },
    });
  }

  /** Answers that are each believed, and together are not. */
  notBelieved(service: string, action: string, error: AppError): void {
    this.#deps.meter.failed(service, action, error);
  }
}

/** AWS's own code of an error, ours where it has none; never a text that anybody could make as long as they like. */
function awsCodeOf(thrown: unknown): string {
  const { code, name } = thrown as { readonly code?: unknown; readonly name?: unknown };
  const said = thrown instanceof Error && typeof name === "string" && name !== "AppError" ? name : code;
  return typeof said === "string" && /^[\w.]{1,64}$/.test(said) ? said : "Error";
}
