import type { CallArguments } from "../arguments.ts";
import { parseBackendAddress } from "../backend-address.ts";
import type { BreakerSettings } from "../breaker-settings.ts";
import type { Parameter } from "../call-documentation.ts";
import { type BackendSettings, type Filter, type FilterSpec, defineFilter } from "../filter.ts";
import { readInstant } from "../instant.ts";
import { compileTemplate } from "../template.ts";

const family = "Load balancing";
const breakers = "Circuit breakers";
const DAY_MS = 86_400_000;
const LAST = "Of several on a route the last one counts.";

function says(backend: BackendSettings): Filter {
  return { backend };
}

const failures: Parameter = { name: "failures", type: "number", what: "that open it", range: [1, 1_000_000] };
const options: readonly Parameter[] = [
  { name: "timeout", type: "duration", what: "how long it stays open; left out: 1 minute", occurs: "optional", range: [1, DAY_MS] },
  {
    name: "halfOpen",
    type: "number",
    what: "requests let through then, which must all succeed before it closes; left out: 1",
    occurs: "optional",
    range: [1, 1_000_000],
  },
  {
    name: "idleTTL",
    type: "duration",
    what: "without a request for so long everything is forgotten; left out: 1 hour",
    occurs: "optional",
    range: [1, 30 * DAY_MS],
  },
];
const BREAKER_DEVIATIONS = [
  "Skipper has a breaker for each host name that requests are sent to. Here a service (the endpoints of a pool, or those of the route) has one, and each of its endpoints another with the same numbers: an endpoint's has the endpoint left alone for the time, as long as others are there; only the service's answers 503. So one bad pod does not close a service.",
  "What counts for the service is the outcome of the request, after retries; a client that leaves counts for nothing.",
];

/** The settings from argument `from` on. */
function breaker(args: CallArguments, window: number, from: number): Filter {
  const settings: BreakerSettings = {
    failures: Math.trunc(args.number(0)),
    window,
    timeoutMs: args.length > from ? args.duration(from) : 60_000,
    halfOpenRequests: args.length > from + 1 ? Math.trunc(args.number(from + 1)) : 1,
    idleTtlMs: args.length > from + 2 ? args.duration(from + 2) : 3_600_000,
  };
  return says({ breaker: settings });
}

/** The address as pools write it. */
function endpointAddress(args: CallArguments): string {
  try {
    const { scheme, host, port } = parseBackendAddress(args.text(0));
    return `${scheme}://${host.includes(":") ? `[${host}]` : host}:${port}`;
  } catch {
    throw args.refusal('an address as in "http://10.0.0.1:8080"');
  }
}

/** Filters that say how endpoints are chosen, and when a back end is not asked. */
export const balanceFilters: readonly FilterSpec[] = [
  defineFilter({
    name: "fadeIn",
    family,
    does: `gives new endpoints their share by and by: (age / duration) ^ exponent of it, with every algorithm. ${LAST}`,
    parameters: [
      { name: "duration", type: "duration", what: "after which an endpoint has its share", range: [0, DAY_MS] },
      {
        name: "exponent",
        type: "number",
        what: "1 when left out, a straight line; more for less at first",
        occurs: "optional",
        range: [0.01, 100],
      },
    ],
    deviations: [
      "An endpoint is new from when this worker first heard of it; when all of a back end are new, as after a start, they share alike.",
      "With `consistentHash` a key moves to a new endpoint once and stays there.",
    ],
    create: (args) => says({ fadeIn: { durationMs: args.duration(0), exponent: args.length > 1 ? args.number(1) : 1 } }),
  }),
  defineFilter({
    name: "endpointCreated",
    family,
    does: "says when an endpoint came to be, for `fadeIn`.",
    parameters: [
      { name: "address", type: "text", what: "of the endpoint, as in `http://10.0.0.1:8080`" },
      { name: "time", type: "time", what: "when" },
    ],
    create(args) {
      const atMs = readInstant(args.raw(1) ?? "", undefined);
      if (atMs === undefined) throw args.refusal("a time in RFC 3339 form or seconds since 1970");
      return says({ created: { address: endpointAddress(args), atMs } });
    },
  }),
  defineFilter({
    name: "consistentHashKey",
    family,
    does: `says what \`consistentHash\` chooses by, as far as it has a value; else it is the client's address. ${LAST}`,
    parameters: [{ name: "key", type: "template", what: "without placeholders all requests go to one endpoint" }],
    deviations: [
      "Placeholders see the request when its filters are done with it. Without this filter, or a value, the key is the address of the client as the router believes it; Skipper takes the first of X-Forwarded-For, which a client can choose.",
    ],
    create(args) {
      const template = compileTemplate(args.text(0), "path");
      return says({ hashKey: (context) => template.apply(context) });
    },
  }),
  defineFilter({
    name: "consistentHashBalanceFactor",
    family,
    does: `lets \`consistentHash\` pass over endpoints with more requests in flight than the average times this factor, and one. ${LAST}`,
    parameters: [{ name: "factor", type: "number", what: "as in 1.25", range: [1, 1_000_000] }],
    create: (args) => says({ balanceFactor: args.number(0) }),
  }),
  defineFilter({
    name: "sendProxyProtocol",
    family: "Connections to back ends",
    source: "https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt",
    does: `begins each connection to the back end with a PROXY header that says who the client is, as the router believes it. ${LAST}`,
    parameters: [{ name: "version", type: "text", what: "`v1` (a line of text) or `v2` (binary)" }],
    deviations: [
      "Not in Skipper. Such a connection carries one request, as it speaks of one client. A back end that does not expect the header takes it for a broken request.",
    ],
    create(args) {
      const version = args.text(0);
      if (version !== "v1" && version !== "v2") throw args.refusal('"v1" or "v2"');
      return says({ proxyProtocol: version === "v1" ? 1 : 2 });
    },
  }),
  defineFilter({
    name: "consecutiveBreaker",
    family: breakers,
    does: `answers 503 in place of a back end that failed so often in a row: with a status of 500 and more, or with none. ${LAST}`,
    parameters: [failures, ...options],
    deviations: BREAKER_DEVIATIONS,
    create: (args) => breaker(args, 0, 1),
  }),
  defineFilter({
    name: "rateBreaker",
    family: breakers,
    does: `answers 503 in place of a back end that failed so often in the last requests, as \`consecutiveBreaker\` does. ${LAST}`,
    parameters: [
      failures,
      { name: "window", type: "number", what: "the last requests, among which failures count", range: [1, 100_000] },
      ...options,
    ],
    deviations: BREAKER_DEVIATIONS,
    create(args) {
      const window = Math.trunc(args.number(1));
      if (args.number(0) > window) throw args.refusal("a window of at least as many requests as failures");
      return breaker(args, window, 2);
    },
  }),
  defineFilter({
    name: "disableBreaker",
    family: breakers,
    does: `leaves the route without a breaker. ${LAST}`,
    parameters: [],
    create: () => says({ breaker: "off" }),
  }),
];
