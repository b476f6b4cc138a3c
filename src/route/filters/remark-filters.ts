import { type FilterContext, type FilterSpec, defineFilter } from "../filter.ts";
import { readInstant } from "../instant.ts";

/** Key in `context.state` of what `annotate` says: a `Map` of texts. */
const ANNOTATIONS = "annotate";

/** What `annotate` said under the key; undefined when nothing. */
export function annotationOf(context: FilterContext, key: string): string | undefined {
  const known = context.state.get(ANNOTATIONS) as ReadonlyMap<string, string> | undefined;
  return known?.get(key);
}

/** Whether `annotate` said something under one of the keys. */
export function isAnnotated(context: FilterContext, keys: readonly string[]): boolean {
  return keys.some((key) => annotationOf(context, key) !== undefined);
}

/** Filters about the route more than about the message. */
export const remarkFilters: readonly FilterSpec[] = [
  defineFilter({
    name: "status",
    family: "Answers",
    does: "sets the status of the response.",
    parameters: [{ name: "status", type: "number", what: "to be sent", range: [200, 599] }],
    deviations: ["Codes below 200 are refused: they are no end of a response."],
    create(args) {
      const status = Math.trunc(args.number(0));
      return {
        response(context) {
          context.responseStatus = status;
        },
      };
    },
  }),
  defineFilter({
    name: "healthcheck",
    family: "Answers",
    does: "sets the status of the response to 200.",
    parameters: [],
    create: () => ({ response: (context) => void (context.responseStatus = 200) }),
  }),
  defineFilter({
    name: "comment",
    family: "Remarks",
    does: "does nothing; it says something to who reads the route.",
    parameters: [{ name: "text", type: "text", what: "the remark" }],
    create: () => ({}),
  }),
  defineFilter({
    name: "annotate",
    family: "Remarks",
    does: "leaves a text for filters behind it, under `annotate` in the state of the exchange; the last one of a key counts.",
    parameters: [
      { name: "key", type: "text", what: "as the filter that reads it says" },
      { name: "value", type: "text", what: "the text" },
    ],
    create(args) {
      const [key, value] = [args.text(0), args.text(1)];
      return {
        request({ state }) {
          const known = state.get(ANNOTATIONS) as Map<string, string> | undefined;
          if (known === undefined) state.set(ANNOTATIONS, new Map([[key, value]]));
          else known.set(key, value);
        },
      };
    },
  }),
  defineFilter({
    name: "originMarker",
    family: "Remarks",
    does: "does nothing; it says what the route was made of and when.",
    parameters: [
      { name: "origin", type: "text", what: "kind of source" },
      { name: "id", type: "text", what: "of the source" },
      { name: "created", type: "time", what: "RFC 3339" },
    ],
    deviations: ["Skipper measures with it how long a route takes to be there."],
    create(args) {
      const created = args.raw(2);
      if (typeof created !== "string" || readInstant(created, undefined) === undefined)
        throw args.refusal('a time as in "2019-08-30T09:55:51Z"');
      return {};
    },
  }),
];
