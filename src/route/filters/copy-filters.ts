import type { CallArguments } from "../arguments.ts";
import { findBackendAddress, formatBackendAddress } from "../backend-address.ts";
import { type Filter, type FilterContext, type FilterSpec, defineFilter } from "../filter.ts";
import { removeHeader, setHeader } from "../header-list.ts";
import { encodePath, normalizePath } from "../path.ts";
import { isHostValue } from "./fields.ts";

const URL_FORM = /^[a-z0-9]+:\/\/([^/?#@]+)/;

const DEVIATIONS: readonly string[] = [
  "The copy is sent once the request is there in full, so that a slow shadow slows nobody. A body over `limits.copiedBodyBytes`, and what there is no room for, is not copied; `holdfast_proxy_request_copies_total` counts what became of copies.",
  "Redirects are not followed by `tee` either: a shadow could send the router to any address.",
];

function copier(args: CallArguments): Filter {
  const [origin = "", host = ""] = URL_FORM.exec(args.text(0)) ?? [];
  const address = findBackendAddress(origin);
  if (address === undefined || !isHostValue(host)) throw args.refusal('an address as in "https://shadow.example.org"');
  if (args.length === 2) throw args.refusal("an expression and its replacement, or neither");
  const regexp = args.length === 3 ? args.expression(1) : undefined;
  const replacement = args.text(2);
  const to = formatBackendAddress(address);
  return {
    request(context) {
      const path = regexp === undefined ? context.path : changed(regexp.replaceAll(context.path, replacement));
      if (path !== undefined) copy(context, to, host, path);
    },
  };
}

/** Undefined for what no client could send. */
function changed(path: string): string | undefined {
  const normal = normalizePath(encodePath(path.startsWith("/") ? path : `/${path}`));
  return "refusal" in normal ? undefined : normal.path;
}

function copy(context: FilterContext, address: string, host: string, path: string): void {
  const fields = [...context.requestHeaders];
  removeHeader(fields, "Expect");
  setHeader(fields, "Host", host);
  (context.wishes.copies ??= []).push({ address, path, query: context.query, fields });
}

/** Filters that send a request to others, too. */
export const copyFilters: readonly FilterSpec[] = (["tee", "teenf"] as const).map((name) =>
  defineFilter({
    name,
    family: "Back end",
    does: "sends a copy of the request, as the filters before it left it, to this back end as well; what that answers is thrown away, and if it does not nobody notices.",
    parameters: [
      { name: "url", type: "text", what: "as in `https://shadow.example.org:8443`; its host becomes the Host of the copy" },
      { name: "expression", type: "expression", what: "on the path of the copy", occurs: "optional" },
      { name: "replacement", type: "text", what: "of every match; as for `modPath`", occurs: "optional" },
    ],
    deviations: DEVIATIONS,
    create: copier,
  }),
);
