import { type FilterContext, type FilterSpec, defineFilter } from "../filter.ts";
import { encodePath, normalizePath } from "../path.ts";
import { compileTemplate } from "../template.ts";

const EMPTY = new Uint8Array(0);
const family = "Path and query";
const REREAD = "The result is read as a client's path is; one that no client could send is answered with 400.";

/** What a filter made of a path goes through the same reading as what a client sends; a path that has none is answered with 400. */
function change(context: FilterContext, path: string): void {
  const normal = normalizePath(encodePath(path.startsWith("/") ? path : `/${path}`));
  if ("refusal" in normal) context.respond(400, [], EMPTY);
  else context.setBackendPath(normal.path);
}

/** Filters that change the path sent to the back end. */
export const pathFilters: readonly FilterSpec[] = [
  defineFilter({
    name: "setPath",
    family,
    does: "sends this path to the back end.",
    parameters: [{ name: "path", type: "template", what: "a placeholder that has no value becomes nothing" }],
    deviations: [REREAD],
    create(args) {
      const template = compileTemplate(args.text(0), "path");
      return { request: (context) => change(context, template.applyLoosely(context)) };
    },
  }),
  defineFilter({
    name: "modPath",
    family,
    does: "replaces every match in the path sent to the back end.",
    parameters: [
      { name: "expression", type: "expression", what: "on the normalised, percent-encoded path" },
      { name: "replacement", type: "text", what: "`$1`, `${1}` and `${name}` stand for groups of the expression" },
    ],
    deviations: [REREAD, "The expression sees the path percent-encoded; Skipper's sees it decoded."],
    create(args) {
      const [regexp, replacement] = [args.expression(0), args.text(1)];
      return {
        request(context) {
          const path = context.path;
          if (regexp.test(path)) change(context, regexp.replaceAll(path, replacement));
        },
      };
    },
  }),
  defineFilter({
    name: "rfcPath",
    family,
    does: "does nothing: an encoded slash, semicolon, plus or question mark in a path is always sent on encoded, which is what it asks for.",
    parameters: [],
    create: () => ({}),
  }),
];
