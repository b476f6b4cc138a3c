import type { ExchangeTimeouts } from "../exchange-state.ts";
import { type FilterSpec, defineFilter } from "../filter.ts";

const family = "Timeouts";

function timeout(name: string, phase: keyof ExchangeTimeouts, does: string, deviations: readonly string[]): FilterSpec {
  return defineFilter({
    name,
    family,
    does,
    parameters: [{ name: "timeout", type: "duration", what: "exact to a tenth of a second", range: [1, 86_400_000] }],
    deviations,
    create(args) {
      const ms = args.duration(0);
      return { request: ({ timeouts }) => void (timeouts[phase] = ms) };
    },
  });
}

/** Filters that limit the time of a phase. */
export const timeoutFilters: readonly FilterSpec[] = [
  timeout(
    "backendTimeout",
    "backendMs",
    "limits the time from choosing an endpoint to the end of its response, retries included: 504, or a broken response if it has begun.",
    [],
  ),
  timeout("readTimeout", "readMs", "limits the time for the request body to come: 408.", ["Skipper answers 499."]),
  timeout("writeTimeout", "writeMs", "limits the time from the first byte of the response to its last: the connection is closed then.", []),
];
