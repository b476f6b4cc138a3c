import type { JsonObject } from "../../document/json.ts";
import type { Variables } from "../../configuration/variables.ts";
import { type PlayDeps, playExperiment } from "../../play-experiment.ts";
import { Interrupter } from "../../run/interruption.ts";
import type { Gate } from "./gate.ts";

/** The steady state of an experiment's file is met. Its method and its rollbacks are not played. */
export function hypothesisGate(
  experiment: JsonObject,
  variables: Variables,
  deps: Omit<PlayDeps, "interrupter" | "observer" | "controls">,
): Gate {
  const look = { ...experiment, method: [], rollbacks: [], controls: [] };
  return {
    name: "the steady state",
    async check(signal) {
      const interrupter = new Interrupter();
      const stop = (): void => interrupter.interrupt({ by: "the end of the round", withoutRollbacks: true });
      signal.addEventListener("abort", stop, { once: true });
      try {
        const journal = await playExperiment(
          look,
          variables,
          {
            rules: "holdfast",
            hypothesisStrategy: "before-method-only",
            rollbackStrategy: "never",
            hypothesisFrequencyS: 1,
            failFast: false,
            dry: undefined,
          },
          { ...deps, interrupter, observer: {}, controls: [] },
        );
        const state = journal.steady_states.before;
        if (state?.steady_state_met === true) return undefined;
        const probe = state?.probes.find(({ tolerance_met: isMet }) => isMet !== true);
        return `the steady state is not met (${typeof probe?.activity["name"] === "string" ? probe.activity["name"] : "it cannot be judged"})`;
      } finally {
        signal.removeEventListener("abort", stop);
      }
    },
  };
}
