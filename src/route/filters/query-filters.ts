import { type FilterSpec, defineFilter } from "../filter.ts";
import { getHeader } from "../header-list.ts";
import { encodeQuery, queryPairs, queryValue, withQueryValue, withoutQueryValue } from "../query.ts";
import { compileTemplate } from "../template.ts";
import { addField, asBytes, asText, fieldName, setField } from "./fields.ts";

const family = "Path and query";
const IN_PLACE = "Other parameters keep their order and their bytes; Skipper sorts and encodes them anew.";
/** Two bytes of a query make a line of a dozen: without an end a short request would become a long one. */
const MAX_FIELDS = 100;

/** Filters that change the query sent to the back end. */
export const queryFilters: readonly FilterSpec[] = [
  defineFilter({
    name: "setQuery",
    family,
    does: "sets a parameter of the query sent to the back end; with one argument the whole query.",
    parameters: [
      { name: "name", type: "template", what: "of the parameter; without a value, the query itself, encoded" },
      { name: "value", type: "template", what: "not yet encoded", occurs: "optional" },
    ],
    deviations: [IN_PLACE, "What cannot stand in a query is percent-encoded, also in the form with one argument."],
    create(args) {
      const name = compileTemplate(args.text(0), "path");
      if (args.length === 1) return { request: (context) => context.setBackendQuery(encodeQuery(name.applyLoosely(context))) };
      const value = compileTemplate(args.text(1), "path");
      return {
        request: (context) =>
          context.setBackendQuery(withQueryValue(context.query, name.applyLoosely(context), value.applyLoosely(context))),
      };
    },
  }),
  defineFilter({
    name: "dropQuery",
    family,
    does: "removes a parameter from the query sent to the back end.",
    parameters: [{ name: "name", type: "template", what: "of the parameter, not encoded" }],
    deviations: [IN_PLACE],
    create(args) {
      const name = compileTemplate(args.text(0), "path");
      return { request: (context) => context.setBackendQuery(withoutQueryValue(context.query, name.applyLoosely(context))) };
    },
  }),
  defineFilter({
    name: "stripQuery",
    family,
    does: "removes the query; with `true` its parameters become fields of the request, `X-Query-Param-NAME: value`.",
    parameters: [{ name: "preserve", type: "text", what: "`true` or `false`", occurs: "optional" }],
    deviations: [
      `At most ${MAX_FIELDS} parameters become fields.`,
      "A value that no field can have is left out; Skipper writes it.",
      "Skipper takes any other text for `false`.",
    ],
    create(args) {
      const preserve = (args.optionalText(0) ?? "false").toLowerCase();
      if (preserve !== "true" && preserve !== "false") throw args.refusal('"true" or "false"');
      return {
        request(context) {
          if (preserve === "true") {
            let count = 0;
            for (const [name, value] of queryPairs(context.query)) {
              if (++count > MAX_FIELDS) break;
              addField(context, "request", `X-Query-Param-${name.replaceAll(/[^A-Za-z0-9-]/g, "")}`, asBytes(value));
            }
          }
          context.setBackendQuery("");
        },
      };
    },
  }),
  defineFilter({
    name: "queryToHeader",
    family,
    does: "sets a field of the request to the value of a query parameter, unless the field is there or the parameter is not.",
    parameters: [
      { name: "parameter", type: "text", what: "name of the query parameter" },
      { name: "name", type: "text", what: "of the field" },
      { name: "format", type: "text", what: "the field's value, in which `%s` is the parameter's and `%%` a `%`", occurs: "optional" },
    ],
    deviations: ["The format has exactly one `%s`, and no other verbs of Go."],
    create(args) {
      const [parameter, field, format] = [args.text(0), fieldName(args, 1), args.optionalText(2) ?? "%s"];
      const verbs = format.match(/%[^]?/g) ?? [];
      if (verbs.filter((verb) => verb === "%s").length !== 1 || verbs.some((verb) => verb !== "%s" && verb !== "%%"))
        throw args.refusal('a format with one "%s"');
      return {
        request(context) {
          if ((getHeader(context.requestHeaders, field) ?? "") !== "") return;
          const value = queryValue(context.query, parameter) ?? "";
          if (value !== "")
            setField(context, "request", field, asBytes(format.replaceAll(/%[%s]/g, (verb) => (verb === "%s" ? value : "%"))));
        },
      };
    },
  }),
  defineFilter({
    name: "headerToQuery",
    family,
    does: "sets a query parameter to the value of a field of the request; to nothing when the field is not there.",
    parameters: [
      { name: "name", type: "text", what: "of the field" },
      { name: "parameter", type: "text", what: "name of the query parameter" },
    ],
    deviations: [IN_PLACE],
    create(args) {
      const [field, parameter] = [args.text(0), args.text(1)];
      return {
        request: (context) =>
          context.setBackendQuery(withQueryValue(context.query, parameter, asText(getHeader(context.requestHeaders, field) ?? ""))),
      };
    },
  }),
];
