import { type JsonObject, objectAt, objectsAt } from "../document/json.ts";
import type { SteadyState } from "./journal.ts";
import { judgeProbe } from "./judge-probe.ts";
import { runActivity } from "./run-activity.ts";
import type { RunContext } from "./run-context.ts";

/**
 * Runs the probes of the hypothesis until one fails or is out of its tolerance (chaostoolkit-lib, `run_steady_state_hypothesis`). When a tolerance
 * cannot be applied to what a probe answered, the state is not judged; by Chaos Toolkit's rules it rejects with PythonTypeError.
 */
export async function lookAtSteadyState(context: RunContext, signal: AbortSignal): Promise<SteadyState> {
  const hypothesis = objectAt(context.experiment, "steady-state-hypothesis");
  const state: SteadyState = { steady_state_met: null, probes: [] };
  await context.controls.before("hypothesis", hypothesis);
  try {
    for (const probe of objectsAt(hypothesis, "probes")) {
      const run = await runActivity(probe, context, signal);
      state.probes.push(run);
      const isMet = run.status === "succeeded" ? await judgeProbe(probe, run, context, signal) : false;
      if (isMet === undefined) return state;
      run.tolerance_met = isMet;
      if (!isMet) {
        state.steady_state_met = false;
        return state;
      }
    }
    state.steady_state_met = true;
    return state;
  } finally {
    await context.controls.after("hypothesis", hypothesis, state as unknown as JsonObject);
  }
}
