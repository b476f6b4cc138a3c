import { type FilterSpec, defineFilter } from "../filter.ts";
import { encodePath, normalizePath } from "../path.ts";

/** Filters that look for another answer. */
export const fallbackFilters: readonly FilterSpec[] = [
  defineFilter({
    name: "loopbackIfStatus",
    family: "Answers",
    does: "drops a response that has this status: the request, as filters left it, is looked up again with this path, and what comes of that is the response.",
    parameters: [
      { name: "status", type: "number", what: "of the response", range: [100, 599] },
      { name: "path", type: "text", what: "starts with `/`; the query stays" },
    ],
    deviations: ["The body of the request, once an endpoint got it, is not sent with the second lookup."],
    create(args) {
      const status = Math.trunc(args.number(0));
      const normal = normalizePath(encodePath(args.text(1)));
      if ("refusal" in normal) throw args.refusal(`a path: ${normal.refusal}`);
      return {
        response(context) {
          if (context.responseStatus === status) context.fallBack(normal.path);
        },
      };
    },
  }),
];
