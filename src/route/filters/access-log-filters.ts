import type { CallArguments } from "../arguments.ts";
import type { AccessLogWish } from "../exchange-state.ts";
import { type Filter, type FilterSpec, defineFilter } from "../filter.ts";

const family = "Access log";
const prefix = {
  name: "prefix",
  type: "number",
  what: "beginning of status codes, as in `4`, `50` or `301`; left out: all",
  occurs: "any",
  range: [1, 599],
} as const;
const FIRST = "The first of these filters on a route decides.";

function logWish(wish: AccessLogWish): Filter {
  return { request: ({ wishes }) => void (wishes.accessLog ??= wish) };
}

function prefixed(args: CallArguments, isWanted: boolean): Filter {
  const statusPrefixes = args.texts().map((_, at) => Math.trunc(args.number(at)));
  return logWish({ isWanted, statusPrefixes });
}

/** Filters that decide what of a request is logged. */
export const accessLogFilters: readonly FilterSpec[] = [
  defineFilter({
    name: "disableAccessLog",
    family,
    does: `keeps requests out of the access log; with status codes only those that were answered so. ${FIRST}`,
    parameters: [prefix],
    create: (args) => prefixed(args, false),
  }),
  defineFilter({
    name: "enableAccessLog",
    family,
    does: `keeps requests in the access log; with status codes only those that were answered so, and the others out. ${FIRST}`,
    parameters: [prefix],
    deviations: ["Where the router has no access log, it makes none; `--access-log-disabled` is for one that only such routes have."],
    create: (args) => prefixed(args, true),
  }),
  defineFilter({
    name: "accessLogDisabled",
    family,
    does: `keeps requests out of the access log, or in. Deprecated in Skipper: \`disableAccessLog\`. ${FIRST}`,
    parameters: [{ name: "disabled", type: "text", what: "`true` or `false`" }],
    source: "https://opensource.zalando.com/skipper/reference/filters/#accesslogdisabled",
    create(args) {
      const disabled = args.text(0);
      if (disabled !== "true" && disabled !== "false") throw args.refusal('"true" or "false"');
      return logWish({ isWanted: disabled === "false", statusPrefixes: [] });
    },
  }),
  defineFilter({
    name: "maskAccessLogQuery",
    family,
    does: "logs these query parameters without their values.",
    parameters: [{ name: "parameter", type: "text", what: "name of a query parameter", occurs: "repeated" }],
    deviations: ["The value is replaced by `***`; Skipper logs a hash of it, from which a short secret can be found out."],
    create(args) {
      const names: ReadonlySet<string> = new Set(args.texts());
      if (names.has("")) throw args.refusal("names that are not empty");
      return {
        request({ wishes }) {
          const before = wishes.maskedQuery;
          wishes.maskedQuery = before === undefined ? names : new Set([...before, ...names]);
        },
      };
    },
  }),
];
