import { stringArguments } from "../arguments.ts";
import type { FilterContext, FilterSpec } from "../filter.ts";
import { encodePath, normalizePath } from "../path.ts";
import { compileRegexp } from "../regexp.ts";
import { compileTemplate } from "../template.ts";

const EMPTY = new Uint8Array(0);

/** What a filter made of a path goes through the same reading as what a client sends; a path that has none is answered with 400. */
function change(context: FilterContext, path: string): void {
  const normal = normalizePath(encodePath(path.startsWith("/") ? path : `/${path}`));
  if ("refusal" in normal) context.respond(400, [], EMPTY);
  else context.setBackendPath(normal.path);
}

/** Filters that change the path sent to the back end. */
export const pathFilters: readonly FilterSpec[] = [
  {
    name: "setPath",
    create(args) {
      const [text = ""] = stringArguments(args, 1, "(path)");
      const template = compileTemplate(text, "path");
      return { request: (context) => change(context, template.applyLoosely(context)) };
    },
  },
  {
    name: "modPath",
    create(args) {
      const [source = "", replacement = ""] = stringArguments(args, 2, "(regular expression, replacement)");
      const regexp = compileRegexp(source);
      return {
        request(context) {
          const path = context.path;
          if (regexp.test(path)) change(context, regexp.replaceAll(path, replacement));
        },
      };
    },
  },
];
