import type { CallArguments } from "../arguments.ts";
import { type Filter, type FilterContext, type FilterSpec, defineFilter } from "../filter.ts";
import { getHeader, setHeader } from "../header-list.ts";
import { isHostValue } from "./fields.ts";

const family = "Back end";
const SCHEME = /^(?:https?|h2c?)$/;
const URL_FORM = /^(?:https?|h2c?):\/\/([^/?#@]+)(?:[/?#].*)?$/;

type Part = "Host" | "Scheme" | "Url";

/** Notes the wish. The host becomes that of the request, as in Skipper. `isAsked`: it is the request's wish. */
function wish(context: FilterContext, part: Part, value: string, isAsked: boolean): void {
  const { wishes } = context;
  if (part === "Scheme") {
    wishes.backendScheme = value;
    return;
  }
  if (part === "Host") {
    wishes.backendHost = value;
    wishes.isBackendHostAsked = isAsked;
  } else {
    wishes.backendUrl = value;
    wishes.isBackendUrlAsked = isAsked;
  }
  context.setField("request", "Host", hostOf(part, value));
}

function hostOf(part: Part, value: string): string {
  return part === "Host" ? value : (URL_FORM.exec(value)?.[1] ?? "");
}

function isPart(part: Part, value: string): boolean {
  return part === "Scheme" ? SCHEME.test(value) : isHostValue(hostOf(part, value));
}

const EXAMPLES: Readonly<Record<Part, string>> = {
  Host: '"example.org" or "example.org:8080"',
  Scheme: '"http", "https", "h2" or "h2c"',
  Url: '"https://example.org:8443"',
};

function setter(args: CallArguments, part: Part): Filter {
  const value = args.text(0);
  if (!isPart(part, value)) throw args.refusal(`a ${part.toLowerCase()} as in ${EXAMPLES[part]}`);
  return { request: (context) => wish(context, part, value, false) };
}

function setterFromHeader(args: CallArguments, part: Part): Filter {
  const name = args.text(0);
  return {
    request(context) {
      const value = getHeader(context.requestHeaders, name) ?? "";
      if (isPart(part, value)) wish(context, part, value, true);
    },
  };
}

const SSRF =
  "What a request names is connected to only at public addresses, or at those that `--dynamic-backends` lists (403 otherwise); who may ask is for a filter before it to decide.";

const dynamicBackends = (["Host", "Scheme", "Url"] as const).flatMap((part): readonly FilterSpec[] => {
  const host = part === "Scheme" ? "" : " It becomes the Host, too.";
  return [
    defineFilter({
      name: `setDynamicBackend${part}`,
      family,
      does: `sets the ${part.toLowerCase()} of a \`<dynamic>\` back end.${host}`,
      parameters: [{ name: part.toLowerCase(), type: "text", what: `as in ${EXAMPLES[part].replaceAll('"', "`")}` }],
      create: (args) => setter(args, part),
    }),
    defineFilter({
      name: `setDynamicBackend${part}FromHeader`,
      family,
      does: `sets the ${part.toLowerCase()} of a \`<dynamic>\` back end to the value of a field of the request, if there is one.${host}`,
      parameters: [{ name: "name", type: "text", what: "of the field" }],
      deviations: [
        `A value that is no ${part.toLowerCase()}, as in ${EXAMPLES[part].replaceAll('"', "`")}, is not heeded.`,
        ...(part === "Scheme" ? [] : [SSRF]),
      ],
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
    create(args) {
      const preserve = args.text(0);
      if (preserve !== "true" && preserve !== "false") throw args.refusal('"true" or "false"');
      return { request: (context) => void (context.wishes.preserveHost = preserve === "true") };
    },
  }),
  defineFilter({
    name: "backendIsProxy",
    family,
    does: "says that the back end is a proxy: it is sent the whole URL that the client asked for, with the path as filters left it, and its host as the Host.",
    parameters: [],
    deviations: ["A URL of https is sent like one of http; Skipper asks for a tunnel with CONNECT."],
    create: () => ({ request: (context) => void (context.wishes.isBackendProxy = true) }),
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
