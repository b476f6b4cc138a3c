import { isRecord } from "../../kernel/index.ts";
import { type CallArguments, type FilterContext, compileRegexp, defineFilter, getHeader, isAnnotated } from "../../route/index.ts";
import type { Cell } from "../../telemetry/index.ts";
import { readYamlArgument, textsIn } from "./yaml-argument.ts";

const NAME = "jwtMetrics";

/** What may be wrong with a token, as Skipper calls it. */
type Problem = "missing-token" | "invalid-token-type" | "invalid-token" | "missing-issuer" | "invalid-issuer" | "invalid-claims";
type Claims = Readonly<Record<string, unknown>>;

interface Wanted {
  readonly issuers: readonly string[];
  /** One of these must be in the token, whole. */
  readonly claims: readonly Claims[];
}

/** What is wrong with the token of a request; undefined: nothing. Its signature is not looked at. */
function problemOf({ requestHeaders }: FilterContext, { issuers, claims }: Wanted): Problem | undefined {
  const field = getHeader(requestHeaders, "authorization");
  if (field === undefined || field === "") return "missing-token";
  const [, token] = /^bearer +(\S+)$/i.exec(field) ?? [];
  if (token === undefined) return "invalid-token-type";
  const found = readClaims(token);
  if (found === undefined) return "invalid-token";
  if (issuers.length > 0) {
    const { iss } = found;
    if (typeof iss !== "string") return "missing-issuer";
    if (!issuers.includes(iss)) return "invalid-issuer";
  }
  const isAsWanted = claims.length === 0 || claims.some((one) => Object.entries(one).every(([name, value]) => found[name] === value));
  return isAsWanted ? undefined : "invalid-claims";
}

function readClaims(token: string): Claims | undefined {
  const parts = token.split(".");
  if (parts.length !== 3) return undefined;
  try {
    const value: unknown = JSON.parse(Buffer.from(parts[1] ?? "", "base64url").toString("utf8"));
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function claimsIn(args: CallArguments, value: unknown): readonly Claims[] {
  const isPlain = (one: unknown): boolean => ["string", "number", "boolean"].includes(typeof one);
  if (!Array.isArray(value) || !value.every((one) => isRecord(one) && Object.values(one).every(isPlain)))
    throw args.refusal("a list of mappings as claims");
  return value;
}

/** The filter that counts tokens which are not what they should be, and lets all of them pass. */
export const jwtMetricsFilter = defineFilter({
  name: NAME,
  family: "Who somebody is",
  does: "counts requests without a JWT as bearer token, or with another than it should be, in `holdfast_filter_jwt_problems_total`; it checks no signature and lets everything pass. A response with 4xx is not counted.",
  parameters: [
    {
      name: "options",
      type: "text",
      what: "YAML with `issuers`, a list of which `iss` is one, `claims`, a list of mappings of which one is in the token; not counted are routes with a key of `optOutAnnotations`, exchanges with a key of `optOutStateBag`, and hosts of `optOutHosts`, a list of expressions",
    },
  ],
  deviations: [
    "Labels are the route and what is wrong; Skipper has method, host and status, of which a client makes up as many as it likes.",
  ],
  create(args) {
    const options = readYamlArgument(args, 0, ["issuers", "claims", "optOutAnnotations", "optOutStateBag", "optOutHosts"]);
    const wanted: Wanted = { issuers: textsIn(args, options, "issuers"), claims: claimsIn(args, options["claims"] ?? []) };
    const annotations = textsIn(args, options, "optOutAnnotations");
    const keys = textsIn(args, options, "optOutStateBag");
    const hosts = textsIn(args, options, "optOutHosts").map((text) => compileRegexp(text));
    let cellOf: ((problem: Problem) => Cell) | undefined;
    return {
      bind({ metrics }, routeId) {
        const family = metrics.counter("holdfast_filter_jwt_problems_total", "Requests whose bearer token is not as jwtMetrics wants it.", [
          "route",
          "problem",
        ]);
        cellOf = (problem) => family.with(routeId, problem);
      },
      response(context) {
        const { responseStatus: status, host } = context;
        if (status >= 400 && status < 500) return;
        if (isAnnotated(context, annotations) || keys.some((key) => context.state.has(key)) || hosts.some((one) => one.test(host))) return;
        const problem = problemOf(context, wanted);
        if (problem !== undefined) cellOf?.(problem).add();
      },
    };
  },
});
