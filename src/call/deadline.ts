import { AppError, type Clock } from "../kernel/index.ts";

/**
 * Runs `run` for at most `timeoutMs`. Rejects with CALL_DEADLINE when time is up, or with the reason of `signal` (CALL_ABORTED if
 * that is no AppError). `run` gets a signal that aborts in both cases; a `run` that ignores it is left behind, not waited for.
 */
export async function withDeadline<T>(
  clock: Clock,
  timeoutMs: number,
  signal: AbortSignal | undefined,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const onAbort = (): void => controller.abort(abortReason(signal));
  if (signal?.aborted === true) throw abortReason(signal);
  signal?.addEventListener("abort", onAbort, { once: true });
  const timer = clock.timer(timeoutMs, () => {
    controller.abort(new AppError("CALL_DEADLINE", `no answer within ${Math.round(timeoutMs)} ms`, { retry: "idempotent" }));
  });
  const ended = new Promise<never>((_resolve, reject) => {
    controller.signal.addEventListener("abort", () => reject(controller.signal.reason as AppError), { once: true });
  });
  ended.catch(() => {}); // it may lose the race below with nobody listening
  try {
    const running = run(controller.signal);
    running.catch(() => {}); // the same
    return await Promise.race([running, ended]);
  } finally {
    timer.cancel();
    signal?.removeEventListener("abort", onAbort);
  }
}

/** The reason of an aborted signal as the one error class. */
export function abortReason(signal: AbortSignal | undefined): AppError {
  const reason: unknown = signal?.reason;
  return reason instanceof AppError ? reason : new AppError("CALL_ABORTED", "the call was cancelled", { cause: reason });
}
