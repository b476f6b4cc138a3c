import type { CallArguments } from "../arguments.ts";
import { type Filter, type FilterContext, type FilterSpec, defineFilter } from "../filter.ts";
import { getHeader, setHeader } from "../header-list.ts";
import { isHostValue } from "./fields.ts";

const family = "Back end";
const SCHEME = /^https?$/;
const URL_FORM = /^(https?):\/\/([^/?#@]+)(?:[/?#].*)?$/;

type Part = "Host" | "Scheme" | "Url";

/** Notes the wish. The host becomes that of the request, as in Skipper. */
function wish(context: FilterContext, part: Part, value: string): void {
  const { wishes, requestHeaders } = context;
  if (part === "Scheme") wishes.backendScheme = value;
  else if (part === "Host") {
    wishes.backendHost = value;
    setHeader(requestHeaders, "Host", value);
  } else {
    wishes.backendUrl = value;
    setHeader(requestHeaders, "Host", URL_FORM.exec(value)?.[2] ?? "");
  }
}

function isPart(part: Part, value: string): boolean {
  if (part === "Scheme") return SCHEME.test(value);
  const host = part === "Host" ? value : (URL_FORM.exec(value)?.[2] ?? "");
  return isHostValue(host);
}

const EXAMPLES: Readonly<Record<Part, string>> = {
  Host: '"example.org" or "example.org:8080"',
  Scheme: '"http" or "https"',
  Url: '"https://example.org:8443"',
};

function setter(args: CallArguments, part: Part): Filter {
  const value = args.text(0);
  if (!isPart(part, value)) throw args.refusal(`a ${part.toLowerCase()} as in ${EXAMPLES[part]}`);
  return { request: (context) => wish(context, part, value) };
}

function setterFromHeader(args: CallArguments, part: Part): Filter {
  const name = args.text(0);
  return {
    request(context) {
      const value = getHeader(context.requestHeaders, name) ?? "";
      if (isPart(part, value)) wish(context, part, value);
    },
  };
}

const PENDING = "Routes with a `<dynamic>` back end cannot be built yet; on others only the Host is changed.";
const SSRF = "A client chooses where its request goes, into your network too: put a filter before it that decides who may.";

const dynamicBackends = (["Host", "Scheme", "Url"] as const).flatMap((part): readonly FilterSpec[] => {
  const host = part === "Scheme" ? "" : " It becomes the Host, too.";
  return [
    defineFilter({
      name: `setDynamicBackend${part}`,
      family,
      does: `sets the ${part.toLowerCase()} of a \`<dynamic>\` back end.${host}`,
      parameters: [{ name: part.toLowerCase(), type: "text", what: `as in ${EXAMPLES[part].replaceAll('"', "`")}` }],
      pending: PENDING,
      create: (args) => setter(args, part),
    }),
    defineFilter({
      name: `setDynamicBackend${part}FromHeader`,
      family,
      does: `sets the ${part.toLowerCase()} of a \`<dynamic>\` back end to the value of a field of the request, if there is one.${host} ${SSRF}`,
      parameters: [{ name: "name", type: "text", what: "of the field" }],
      deviations: [`A value that is no ${part.toLowerCase()}, as in ${EXAMPLES[part].replaceAll('"', "`")}, is not heeded.`],
      pending: PENDING,
      create: (args) => setterFromHeader(args, part),
    }),
  ];
});

/** Filters that say something about the endpoint and the Host it is asked with. */
export const backendFilters: readonly FilterSpec[] = [
  ...dynamicBackends,
  defineFilter({
    name: "preserveHost",
    family,
    does: "says whose Host the back end gets: with `true` the request's, with `false` the endpoint's own. A Host that a filter set stays.",
    parameters: [{ name: "preserve", type: "text", what: "`true` or `false`" }],
    deviations: ["Without it the request's Host is sent; in Skipper the endpoint's, unless an option says otherwise."],
    pending: "`false` is not heeded by the proxy yet.",
    create(args) {
      const preserve = args.text(0);
      if (preserve !== "true" && preserve !== "false") throw args.refusal('"true" or "false"');
      return { request: (context) => void (context.wishes.preserveHost = preserve === "true") };
    },
  }),
  defineFilter({
    name: "rfcHost",
    family,
    does: "removes a trailing dot from the host that is sent to the back end.",
    parameters: [],
    create: () => ({
      request({ requestHeaders }) {
        const sent = getHeader(requestHeaders, "host");
        if (sent !== undefined && /\.(?::[0-9]*)?$/.test(sent)) setHeader(requestHeaders, "Host", sent.replace(/\.(:[0-9]*)?$/, "$1"));
      },
    }),
  }),
];
