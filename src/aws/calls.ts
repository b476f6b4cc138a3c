import { awsError } from "./errors.ts";
import type { Effect, Governor } from "./governor.ts";

/** Time for a call with all its attempts and waits, and for one attempt. */
export interface CallTimes {
  readonly timeoutMs: number;
  readonly attemptTimeoutMs: number;
}

export const DEFAULT_CALL_TIMES: CallTimes = Object.freeze({ timeoutMs: 60_000, attemptTimeoutMs: 10_000 });

/** Makes calls of the SDK through the governor, with our errors. */
export class AwsCalls {
  readonly #governor: Governor;
  readonly #times: CallTimes;

  constructor(governor: Governor, times: CallTimes = DEFAULT_CALL_TIMES) {
    this.#governor = governor;
    this.#times = times;
  }

  make<T>(service: string, action: string, effect: Effect, send: (signal: AbortSignal) => Promise<T>): Promise<T> {
    return this.#governor.call({
      service,
      action,
      effect,
      isIdempotent: true,
      ...this.#times,
      run: async (signal) => {
        try {
          return await send(signal);
        } catch (thrown) {
          throw awsError(thrown, action);
        }
      },
    });
  }
}
