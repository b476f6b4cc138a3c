import type { PartState } from "../../lab/index.ts";
import type { ProcessView } from "../contract.ts";

/** A part of the lab as the page draws a process. */
export function partView(state: PartState, nowMs: number): ProcessView {
  if (state.state === "backoff") return { state: "backoff", restartInMs: Math.max(0, Math.round(state.restartAtMs - nowMs)) };
  return { state: state.state, restartInMs: null };
}
