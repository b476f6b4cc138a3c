import { AppError } from "../../kernel/index.ts";
import { argumentError, stringArguments } from "../arguments.ts";
import type { Argument } from "../definition.ts";
import type { Filter, FilterContext, FilterSpec } from "../filter.ts";
import { type HeaderList, addHeader, removeHeader, setHeader } from "../header-list.ts";
import { type Template, compileTemplate } from "../template.ts";

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
// Tab and what is printable (RFC 9110 section 5.5); a placeholder may bring anything.
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
/** They frame the message or belong to one connection (RFC 9110 section 7.6.1); the proxy alone writes them. */
const FRAMING = new Set([
  "connection",
  "content-length",
  "expect",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

function fieldName(args: readonly Argument[], expected: string): string {
  const name = String(args[0]);
  if (!TOKEN.test(name)) throw argumentError(`${expected} with a field name of letters, digits and dashes`, args);
  if (FRAMING.has(name.toLowerCase())) {
    throw new AppError("ROUTE_ARGUMENT", `${name} frames the message or belongs to the connection and is written by the proxy alone`);
  }
  return name;
}

type Change = (list: HeaderList, name: string, value: string) => void;

function writer(side: "request" | "response", change: Change, args: readonly Argument[]): Filter {
  const [, text = ""] = stringArguments(args, 2, "(name, value)");
  const name = fieldName(args, "(name, value)");
  if (/[\x00-\x08\x0a-\x1f\x7f]/.test(text)) throw argumentError("(name, value) with a value of printable characters", args);
  const template: Template = compileTemplate(text, "field");
  const write = (list: HeaderList, context: FilterContext): void => {
    const value = template.apply(context);
    if (value !== undefined && VALUE.test(value)) change(list, name, value);
  };
  if (side === "request") return { request: (context) => write(context.requestHeaders, context) };
  return { response: (context) => write(context.responseHeaders, context) };
}

function dropper(side: "request" | "response", args: readonly Argument[]): Filter {
  stringArguments(args, 1, "(name)");
  const name = fieldName(args, "(name)");
  if (side === "request") return { request: (context) => removeHeader(context.requestHeaders, name) };
  return { response: (context) => removeHeader(context.responseHeaders, name) };
}

/** Filters that change field lines. A value with a placeholder that has no value leaves the field as it was. */
export const headerFilters: readonly FilterSpec[] = [
  { name: "setRequestHeader", create: (args) => writer("request", setHeader, args) },
  { name: "appendRequestHeader", create: (args) => writer("request", addHeader, args) },
  { name: "dropRequestHeader", create: (args) => dropper("request", args) },
  { name: "setResponseHeader", create: (args) => writer("response", setHeader, args) },
  { name: "appendResponseHeader", create: (args) => writer("response", addHeader, args) },
  { name: "dropResponseHeader", create: (args) => dropper("response", args) },
];
