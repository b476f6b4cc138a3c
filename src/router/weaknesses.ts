import { defaultBalancerOptions } from "../balance/index.ts";
import type { ProxyOptionsInput } from "../proxy/index.ts";

/** What of the data plane can be switched off in the lab, so that an experiment is seen to miss it: a guard that nobody would miss is not proven. */
const WEAKENED: Readonly<Record<string, ProxyOptionsInput>> = {
  /** A request is tried on one endpoint. */
  retries: { retry: { attempts: 1 } },
  /** Endpoints are never left alone, whatever they do. */
  ejection: {
    balancer: {
      ejection: { ...defaultBalancerOptions.ejection, failures: Infinity, answers: Infinity, answerShare: Infinity },
    },
  },
  /** Nobody who is silent or slow is given up. */
  timeouts: {
    timeouts: {
      requestHeadMs: 86_400_000,
      requestBodyIdleMs: 86_400_000,
      writeStallMs: 86_400_000,
      connectMs: 86_400_000,
      responseHeadMs: 86_400_000,
      responseBodyIdleMs: 86_400_000,
    },
  },
  /** Retries cost nothing, and there are many. */
  "retry-budget": { retry: { attempts: 20, budgetShare: 20, budgetFloor: 1_000_000 } },
  /** Every request to an endpoint has a connection of its own. */
  "keep-alive": { limits: { idleConnectionsPerEndpoint: 0 } },
};

export const WEAKNESSES: readonly string[] = Object.keys(WEAKENED);

/** The options of a data plane without these guards. */
export function weakened(options: ProxyOptionsInput, weaknesses: readonly string[]): ProxyOptionsInput {
  const taken = weaknesses.map((name) => WEAKENED[name] ?? {});
  return {
    ...options,
    retry: Object.assign({ ...options.retry }, ...taken.map(({ retry }) => retry)) as NonNullable<ProxyOptionsInput["retry"]>,
    balancer: Object.assign({ ...options.balancer }, ...taken.map(({ balancer }) => balancer)) as NonNullable<
      ProxyOptionsInput["balancer"]
    >,
    timeouts: Object.assign({ ...options.timeouts }, ...taken.map(({ timeouts }) => timeouts)) as NonNullable<
      ProxyOptionsInput["timeouts"]
    >,
    limits: Object.assign({ ...options.limits }, ...taken.map(({ limits }) => limits)) as NonNullable<ProxyOptionsInput["limits"]>,
  };
}
