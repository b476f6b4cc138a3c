import type { CallArguments } from "../arguments.ts";
import { baggageValue } from "../baggage.ts";
import { type Filter, type FilterContext, type FilterSpec, defineFilter } from "../filter.ts";
import { compileTemplate } from "../template.ts";
import { asText } from "./fields.ts";

const family = "Traces";
const attribute = { name: "attribute", type: "text", what: "name of the attribute, not empty" } as const;
const value = {
  name: "value",
  type: "template",
  what: "of the attribute; with a placeholder that has no value it is not set",
  isSecret: "by name",
} as const;
const ITS_SPAN = "to the span of the request, if that is recorded";
const OWN_ANSWERS = "An answer that the router gives because something failed does not pass the filters.";

/** Writes an attribute made of a template. */
function tagger(args: CallArguments): (context: FilterContext) => void {
  const name = notEmpty(args, 0);
  const template = compileTemplate(args.text(1), "field");
  return (context) => {
    const made = context.span === undefined ? undefined : template.apply(context);
    if (made !== undefined) context.span?.setAttribute(name, asText(made));
  };
}

function notEmpty(args: CallArguments, at: number): string {
  const text = args.text(at);
  if (text === "") throw args.refusal("names that are not empty");
  return text;
}

/** Writes what `find` finds under the first argument, called as the second one says, or as the first. */
function copier(args: CallArguments, find: (context: FilterContext, key: string) => string | undefined): Filter {
  const key = notEmpty(args, 0);
  const name = args.length > 1 ? notEmpty(args, 1) : key;
  return {
    request(context) {
      const found = context.span === undefined ? undefined : find(context, key);
      if (found !== undefined) context.span?.setAttribute(name, found);
    },
  };
}

/** Filters that say something in the trace of a request; of one that is not recorded they look at nothing. */
export const tracingFilters: readonly FilterSpec[] = [
  defineFilter({
    name: "tracingTag",
    family,
    does: `adds an attribute ${ITS_SPAN}.`,
    parameters: [attribute, value],
    create: (args) => ({ request: tagger(args) }),
  }),
  defineFilter({
    name: "tracingTagFromResponse",
    family,
    does: `adds an attribute ${ITS_SPAN}, when the response is there.`,
    parameters: [attribute, value],
    deviations: [OWN_ANSWERS],
    create: (args) => ({ response: tagger(args) }),
  }),
  defineFilter({
    name: "tracingTagFromResponseIfStatus",
    family,
    does: `adds an attribute ${ITS_SPAN}, when the response is there and its status is in a range.`,
    parameters: [
      attribute,
      value,
      { name: "least", type: "number", what: "the first status it is added for", range: [0, 599] },
      { name: "most", type: "number", what: "the last one", range: [0, 599] },
    ],
    deviations: [OWN_ANSWERS],
    create(args) {
      const tag = tagger(args);
      const [least, most] = [Math.trunc(args.number(2)), Math.trunc(args.number(3))];
      if (least > most) throw args.refusal("a range of statuses");
      return {
        response(context) {
          if (context.responseStatus >= least && context.responseStatus <= most) tag(context);
        },
      };
    },
  }),
  defineFilter({
    name: "tracingBaggageToTag",
    family,
    does: `adds what the \`baggage\` field of the request has under a key ${ITS_SPAN}.`,
    parameters: [
      { name: "key", type: "text", what: "of the baggage; case counts" },
      { name: "attribute", type: "text", what: "name of the attribute; left out: the key", occurs: "optional" },
    ],
    deviations: ["The field is read as W3C Baggage; Skipper asks its tracer, which may read other fields."],
    create: (args) => copier(args, ({ requestHeaders }, key) => baggageValue(requestHeaders, key) || undefined),
  }),
  defineFilter({
    name: "stateBagToTag",
    family,
    does: `adds what a filter before it left under a key ${ITS_SPAN}.`,
    parameters: [
      { name: "key", type: "text", what: "as the reference of the filter that leaves it says" },
      { name: "attribute", type: "text", what: "name of the attribute; left out: the key", occurs: "optional" },
    ],
    deviations: ["What is neither a text nor a number nor true or false is not added; Skipper writes it as Go prints it."],
    create: (args) =>
      copier(args, ({ state }, key) => {
        const left = state.get(key);
        return typeof left === "string" || typeof left === "number" || typeof left === "boolean" ? String(left) : undefined;
      }),
  }),
  defineFilter({
    name: "tracingSpanName",
    family,
    does: "names the spans of the endpoints that the request is sent to.",
    parameters: [{ name: "name", type: "text", what: "of the spans; empty: the method, as without the filter" }],
    create(args) {
      const name = args.text(0);
      return {
        request({ span }) {
          if (span !== undefined) span.endpointSpanName = name;
        },
      };
    },
  }),
];
