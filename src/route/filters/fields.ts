import { AppError } from "../../kernel/index.ts";
import type { CallArguments } from "../arguments.ts";
import type { Filter, FilterContext, MessageSide } from "../filter.ts";
import type { HeaderList } from "../header-list.ts";

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
// Tab and what is printable (RFC 9110 section 5.5); a placeholder may bring anything.
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
// RFC 3986 section 3.2.2 without user information, and a port.
const HOST = /^(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._~!$&'()*+;=%-]+)(?::[0-9]{1,5})?$/;
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

/** The field name that is argument `at`. Throws AppError `ROUTE_ARGUMENT` for what is none, or not a filter's to write. */
export function fieldName(args: CallArguments, at = 0): string {
  return checkedName(args, args.text(at));
}

/** The field names that argument `at` has, with commas between them; none when it is left out. Throws as `fieldName`. */
export function fieldNames(args: CallArguments, at: number): readonly string[] {
  const text = args.optionalText(at) ?? "";
  return text === "" ? [] : text.split(",").map((name) => checkedName(args, name.trim()));
}

/** The name, if it is one of a field that a filter may write. Throws as `fieldName`. */
export function checkedName(args: CallArguments, name: string): string {
  if (!TOKEN.test(name)) throw args.refusal("a field name of letters, digits and dashes");
  if (FRAMING.has(name.toLowerCase())) {
    throw new AppError("ROUTE_ARGUMENT", `${name} frames the message or belongs to the connection and is written by the proxy alone`);
  }
  return name;
}

/** Whether a field may have this value: one that could end the line, or a host that is none, is never written. */
export function isFieldValue(name: string, value: string): boolean {
  return VALUE.test(value) && (!isHost(name) || HOST.test(value));
}

/** Whether a text is a host as it may stand in a Host field. */
export function isHostValue(value: string): boolean {
  return HOST.test(value);
}

/** Host is there once: it is never added to, never dropped. */
export function isHost(name: string): boolean {
  return name.length === 4 && name.toLowerCase() === "host";
}

export function fieldsOf(context: FilterContext, side: MessageSide): HeaderList {
  return side === "request" ? context.requestHeaders : context.responseHeaders;
}

/** Sets the field, if it may have this value. */
export function setField(context: FilterContext, side: MessageSide, name: string, value: string): void {
  if (isFieldValue(name, value)) context.setField(side, name, value);
}

/** Adds a line, if it may have this value; a Host is replaced. */
export function addField(context: FilterContext, side: MessageSide, name: string, value: string): void {
  if (!isFieldValue(name, value)) return;
  if (isHost(name)) context.setField(side, name, value);
  else context.addField(side, name, value);
}

/** A filter whose one side is `run`. */
export function onSide(side: MessageSide, run: (context: FilterContext) => void): Filter {
  return side === "request" ? { request: run } : { response: run };
}

/** Text as the bytes of its UTF-8 form, one character each, which is how heads are kept. */
export function asBytes(text: string): string {
  return /^[\x00-\x7f]*$/.test(text) ? text : Buffer.from(text, "utf8").toString("latin1");
}

/** The opposite: bytes of a field as text. */
export function asText(value: string): string {
  return /^[\x00-\x7f]*$/.test(value) ? value : Buffer.from(value, "latin1").toString("utf8");
}
