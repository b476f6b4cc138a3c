import type { LocalPod, PartState } from "../../lab/index.ts";
import type { ProcessView } from "../contract.ts";

/** A part of the lab as the page draws a process. */
export function partView(state: PartState, nowMs: number): ProcessView {
  if (state.state === "backoff") return { state: "backoff", restartInMs: Math.max(0, Math.round(state.restartAtMs - nowMs)) };
  return { state: state.state, restartInMs: null };
}

/** A container, told by its kubelet, of a program that does not answer. */
export function containerView(
  container: NonNullable<NonNullable<LocalPod["status"]>["containerStatuses"]>[number] | undefined,
  nowMs: number,
): ProcessView {
  if (container === undefined) return { state: "stopped", restartInMs: null };
  const waiting = container.state?.waiting;
  if (waiting?.reason !== "CrashLoopBackOff") return { state: "starting", restartInMs: null };
  const seconds = Number(/^back-off (\d+)s /.exec(waiting.message ?? "")?.[1] ?? Number.NaN);
  const restartAtMs = Date.parse(container.lastState?.terminated?.finishedAt ?? "") + seconds * 1000;
  return { state: "backoff", restartInMs: Number.isNaN(restartAtMs) ? null : Math.max(0, restartAtMs - nowMs) };
}
