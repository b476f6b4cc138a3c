import type { CallArguments } from "../arguments.ts";
import { findBackendAddress, formatBackendAddress } from "../backend-address.ts";
import type { CopyTarget, RequestCopy } from "../exchange-state.ts";
import { type Filter, type FilterContext, type FilterSpec, defineFilter } from "../filter.ts";
import { type HeaderList, getHeader, removeHeader, setHeader } from "../header-list.ts";
import { encodePath, normalizePath } from "../path.ts";
import { isHostValue } from "./fields.ts";

const URL_FORM = /^[a-z0-9]+:\/\/([^/?#@]+)/;

const WHOLE =
  "The copy is sent once its body is there in full, so that a slow shadow slows nobody. A body over `limits.copiedBodyBytes`, and what there is no room for, is not copied; `holdfast_proxy_request_copies_total` counts what became of copies.";

/** Where a copy goes that is sent away, and its Host. */
function shadowOf(args: CallArguments): { readonly to: CopyTarget; readonly host: string } {
  const [origin = "", host = ""] = URL_FORM.exec(args.text(0)) ?? [];
  const address = findBackendAddress(origin);
  if (address === undefined || !isHostValue(host)) throw args.refusal('an address as in "https://shadow.example.org"');
  return { to: { address: formatBackendAddress(address) }, host };
}

function copier(args: CallArguments): Filter {
  const { to, host } = shadowOf(args);
  if (args.length === 2) throw args.refusal("an expression and its replacement, or neither");
  const regexp = args.length === 3 ? args.expression(1) : undefined;
  const replacement = args.text(2);
  return {
    request(context) {
      const path = regexp === undefined ? context.path : changed(regexp.replaceAll(context.path, replacement));
      if (path === undefined) return;
      const fields = fieldsOfCopy(context);
      setHeader(fields, "Host", host);
      addCopy(context, { to, path, query: context.query, fields });
    },
  };
}

/** Undefined for what no client could send. */
function changed(path: string): string | undefined {
  const normal = normalizePath(encodePath(path.startsWith("/") ? path : `/${path}`));
  return "refusal" in normal ? undefined : normal.path;
}

function fieldsOfCopy({ requestHeaders }: FilterContext): HeaderList {
  const fields = [...requestHeaders];
  removeHeader(fields, "Expect");
  return fields;
}

function addCopy({ wishes }: FilterContext, copy: RequestCopy): void {
  (wishes.copies ??= []).push(copy);
}

function looper(args: CallArguments): Filter {
  const label = args.text(0);
  if (label === "") throw args.refusal("a label that is not empty");
  const to = { label };
  return {
    request: (context) => addCopy(context, { to, path: context.path, query: context.query, fields: fieldsOfCopy(context) }),
  };
}

function responseCopier(args: CallArguments): Filter {
  const { to, host } = shadowOf(args);
  return {
    response({ responseHeaders, wishes }) {
      const fields = ["Host", host];
      for (const name of ["Content-Type", "Content-Encoding"]) {
        const value = getHeader(responseHeaders, name);
        if (value !== undefined) fields.push(name, value);
      }
      (wishes.responseCopies ??= []).push({ to, path: "/", query: "", fields });
    },
  };
}

const family = "Back end";
const url = { name: "url", type: "text", what: "as in `https://shadow.example.org:8443`; its host becomes the Host of the copy" } as const;

/** Filters that send a request, or what came of it, to others too. */
export const copyFilters: readonly FilterSpec[] = [
  ...(["tee", "teenf", "Tee"] as const).map((name) =>
    defineFilter({
      name,
      family,
      does: `sends a copy of the request, as the filters before it left it, to this back end as well; what that answers is thrown away, and if it does not nobody notices.${name === "Tee" ? " A name that Skipper has deprecated." : ""}`,
      parameters: [
        url,
        { name: "expression", type: "expression", what: "on the path of the copy", occurs: "optional" },
        { name: "replacement", type: "text", what: "of every match; as for `modPath`", occurs: "optional" },
      ],
      deviations: [WHOLE, "Redirects are not followed by `tee` either: a shadow could send the router to any address."],
      create: copier,
    }),
  ),
  defineFilter({
    name: "teeLoopback",
    family,
    does: "sends a copy of the request, as the filters before it left it, through the routes: one with this label in `Tee` takes it, or any other that matches. What comes of it is thrown away.",
    parameters: [{ name: "label", type: "text", what: "not empty" }],
    deviations: [
      WHOLE,
      "Copies have no line in the access log and no span, and are in no metric of requests. All that come of one request together are bounded by `limits.loopbacks`.",
      "What filters left for each other, and path parameters, stay with the request.",
    ],
    create: looper,
  }),
  defineFilter({
    name: "teeResponse",
    family,
    does: "sends the body of the response, as it comes from the back end, to another one, with POST, the path `/`, and the Content-Type and Content-Encoding that it has; what that answers is thrown away.",
    parameters: [{ ...url, what: `${url.what}; its path is not heeded` }],
    deviations: [WHOLE, "Skipper sends neither Content-Type nor Content-Encoding. An empty body is not sent."],
    create: responseCopier,
  }),
];
