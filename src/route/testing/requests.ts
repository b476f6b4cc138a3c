import type { MatchInput } from "../predicate.ts";
import type { RehearsedRequest } from "../rehearsed-exchange.ts";

/** A request to match; what a test does not say is plain. */
export function matchInput(given: Partial<MatchInput> = {}): MatchInput {
  return {
    method: "GET",
    matchPath: "/",
    host: "example.org",
    port: "",
    query: "",
    clientAddress: "192.0.2.1",
    forwardedFor: undefined,
    requestHeaders: [],
    random: { next: () => 0 },
    nowMs: 0,
    isDraining: false,
    teeLabel: "",
    ...given,
  };
}

/** A request to rehearse, to `http://example.org`. */
export function rehearsedRequest(given: Partial<RehearsedRequest> = {}): RehearsedRequest {
  return {
    method: "GET",
    scheme: "http",
    path: "/",
    query: "",
    headers: ["Host", "example.org"],
    clientAddress: "192.0.2.1",
    chance: 0,
    ...given,
  };
}
