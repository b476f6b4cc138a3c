import type { Random } from "../../kernel/index.ts";
import { type Filter, type FilterSpec, defineFilter } from "../filter.ts";
import { getHeader, setHeader } from "../header-list.ts";
import { setField } from "./fields.ts";

const FLOW_ID = /^[0-9a-zA-Z+-]{8,64}$/;
const FLOW_ID_LETTERS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ+-";

function newFlowId(random: Random): string {
  let id = "";
  while (id.length < 16) id += FLOW_ID_LETTERS[Math.floor(random.next() * 64)] ?? "0";
  return id;
}

function forward(isFirst: boolean): Filter {
  return {
    request(context) {
      const { forwardedFor, peerAddress, authority } = context;
      const hops = forwardedFor === undefined ? [peerAddress] : isFirst ? [peerAddress, forwardedFor] : [forwardedFor, peerAddress];
      setField(context, "request", "X-Forwarded-For", hops.join(", "));
      if (authority !== "") setField(context, "request", "X-Forwarded-Host", authority);
    },
  };
}

const ALWAYS =
  "The proxy sends X-Forwarded-For, -Host, -Proto and -Port with every request, this filter or not. What came in is kept only from a trusted proxy.";

/** Filters that tell the back end, or the browser, where a request came from. */
export const forwardingFilters: readonly FilterSpec[] = [
  defineFilter({
    name: "xforward",
    family: "Fields of the request",
    does: "appends the address of the connection to X-Forwarded-For and sets X-Forwarded-Host to the request's host.",
    parameters: [],
    deviations: [ALWAYS],
    create: () => forward(false),
  }),
  defineFilter({
    name: "xforwardFirst",
    family: "Fields of the request",
    does: "puts the address of the connection before what X-Forwarded-For has and sets X-Forwarded-Host to the request's host.",
    parameters: [],
    deviations: [ALWAYS],
    create: () => forward(true),
  }),
  defineFilter({
    name: "flowId",
    family: "Fields of the request",
    does: "sets X-Flow-Id to a new id of 16 letters, digits, `+` and `-`.",
    parameters: [
      { name: "reuse", type: "text", what: "`reuse`: keeps an id that came, if it has 8 to 64 such characters", occurs: "optional" },
      { name: "generator", type: "text", what: "not heeded", occurs: "optional" },
    ],
    deviations: ["There is one form of ids; Skipper's other generators are not there."],
    create(args) {
      const reuse = (args.optionalText(0) ?? "").toLowerCase();
      if (reuse !== "" && reuse !== "reuse") throw args.refusal('"reuse" or nothing');
      return {
        request({ requestHeaders, random }) {
          if (reuse !== "" && FLOW_ID.test(getHeader(requestHeaders, "x-flow-id") ?? "")) return;
          setHeader(requestHeaders, "X-Flow-Id", newFlowId(random));
        },
      };
    },
  }),
  defineFilter({
    name: "corsOrigin",
    family: "Fields of the response",
    does: "sets Access-Control-Allow-Origin to the request's Origin if it is one of these; without arguments to `*`.",
    parameters: [{ name: "origin", type: "text", what: "as in `https://www.example.org`", occurs: "any" }],
    deviations: [
      "It sets the field, also where the back end has; Skipper's `*` comes as a line beside the back end's, which browsers refuse.",
    ],
    create(args) {
      const origins = new Set(args.texts());
      return {
        response({ requestHeaders, responseHeaders }) {
          const origin = origins.size === 0 ? "*" : getHeader(requestHeaders, "origin");
          if (origin !== undefined && (origins.size === 0 || origins.has(origin)))
            setHeader(responseHeaders, "Access-Control-Allow-Origin", origin);
        },
      };
    },
  }),
];
