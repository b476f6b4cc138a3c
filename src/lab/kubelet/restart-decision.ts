import type { KubeletSettings } from "./config.ts";
import { type ContainerRecord, type Termination } from "./container-record.ts";
import { nextRestartDelayMs } from "./crash-backoff.ts";
import { restarts } from "./pod-status.ts";

/** What becomes of a container that has ended. */
export type RestartDecision =
  | { readonly type: "stays ended"; readonly isWell: boolean }
  | { readonly type: "waits"; readonly leftMs: number; readonly delayMs: number }
  | { readonly type: "restarts"; readonly delayMs: number };

/** By its pod's restart policy and the kubelet's back-off; `end` is the latest end in `record`. */
export function decideRestart(
  policy: string | undefined,
  record: ContainerRecord,
  end: Termination,
  settings: Pick<KubeletSettings, "crashBackoffMs" | "crashBackoffMaxMs" | "crashBackoffResetMs">,
  nowMs: number,
): RestartDecision {
  if (!restarts(policy, end.exitCode)) return { type: "stays ended", isWell: end.exitCode === 0 };
  const delayMs = nextRestartDelayMs(
    { baseMs: settings.crashBackoffMs, maxMs: settings.crashBackoffMaxMs, resetMs: settings.crashBackoffResetMs },
    record.restartDelayMs ?? (record.attempts > 1 ? 0 : undefined),
    end.finishedAtMs - end.startedAtMs,
  );
  const leftMs = end.finishedAtMs + delayMs - nowMs;
  return leftMs > 0 ? { type: "waits", leftMs, delayMs } : { type: "restarts", delayMs };
}
