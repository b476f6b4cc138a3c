import type { CallDocumentation } from "../call-documentation.ts";
import { skipperPage } from "../predicate.ts";

const family = "Path and host";

/** The predicates that decide a route's place. The table itself reads them (compile-route); here is what the reference says of them. */
export const placingPredicates: ReadonlyMap<string, CallDocumentation> = new Map([
  [
    "Path",
    {
      family,
      does: "requests with this path. `:name` stands for one segment; `*name`, `**name` or `**` at the end for one or more, whose value begins with a slash and is called `*` when it has no name. A trailing slash counts. One Path or PathSubtree in a route.",
      parameters: [{ name: "path", type: "text", what: "begins with `/`" }],
      source: skipperPage("predicates", "Path"),
      deviations: ["Within a segment `:` and `*` stand for themselves, as in `/items:batch`; Skipper refuses them or leaves it open."],
    },
  ],
  [
    "PathSubtree",
    {
      family,
      does: "requests with this path, with or without a trailing slash, and all below it. What is below is the parameter `*`, unless the path ends in `*name`.",
      parameters: [{ name: "path", type: "text", what: "begins with `/`" }],
      source: skipperPage("predicates", "PathSubtree"),
    },
  ],
  [
    "Host",
    {
      family,
      does: "requests whose host the expression matches, in lower case without port and trailing dot; or `host:port` when the request names a port. Several must all match.",
      parameters: [{ name: "host", type: "expression", what: "found anywhere in the host unless anchored" }],
      source: skipperPage("predicates", "Host"),
      deviations: ["Skipper compares the host as it was sent: case, port and trailing dot count there, unless an option says otherwise."],
    },
  ],
  [
    "HostAny",
    {
      family,
      does: "requests for one of these hosts.",
      parameters: [
        {
          name: "host",
          type: "text",
          what: "`example.org`, `example.org:8080` for that port only, `*.example.org` for one label more",
          occurs: "repeated",
        },
      ],
      source: skipperPage("predicates", "HostAny"),
      deviations: ["A host without a port takes any port, and `*.` is a wildcard; in Skipper both are compared as they stand."],
    },
  ],
  [
    "Weight",
    {
      family: "Weight and state",
      does: "every request; adds to the weight of the route, which may be negative.",
      parameters: [{ name: "weight", type: "number", what: "without decimals" }],
      source: skipperPage("predicates", "Weight"),
    },
  ],
  [
    "Any",
    {
      family: "Weight and state",
      does: "every request; adds no weight. The same as `*`.",
      parameters: [],
      source: skipperPage("predicates", "Any"),
    },
  ],
] satisfies readonly (readonly [string, CallDocumentation])[]);
