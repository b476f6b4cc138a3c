import { getHeader } from "../route/index.ts";
import {
  type BodyFraming,
  FieldId,
  Framing,
  HOP_BY_HOP,
  type MessageHead,
  connectionNames,
  connectionOptions,
  copyFields,
  reasonPhrases,
} from "../wire/index.ts";
import { FORWARDED, forwardedFields } from "./forwarded-fields.ts";
import type { MessageFields } from "./message-fields.ts";
import type { RequestContext } from "./request-context.ts";
import type { DroppedFields } from "./response-context.ts";
import { fieldsText, isContentOdd, isSendable } from "./sendable.ts";

const FRAMING = FieldId.contentLength | FieldId.transferEncoding;

/** What makes a request head need more than one cut and one addition. */
const REWRITTEN = HOP_BY_HOP | FORWARDED | FieldId.expect;

/**
 * The head sent to the endpoint. `undefined` when filters left something in it that can not be sent.
 * `framing` is that of the body as it is sent; `upgrade` is the protocol the client may switch to, empty for none. `fallbackHost` stands in for an HTTP/1.0 client's missing Host.
 */
export function requestHeadText(
  head: MessageHead,
  framing: Pick<BodyFraming, "framing" | "lengthBytes">,
  context: RequestContext,
  upgrade: string,
  fallbackHost: string,
): string | undefined {
  const fields = context.requestFields.listed;
  // A body that filters make has no length; else nothing is both chunked and of a length.
  const isReframed = framing.framing === Framing.chunked && (head.present & FieldId.contentLength) !== 0;
  if (
    context.requestFields.isUntouched &&
    !isReframed &&
    context.isPathOriginal &&
    head.minorVersion === 1 &&
    head.isPlain &&
    (head.present & REWRITTEN) === 0 &&
    !isContentOdd(head.method, framing.framing) &&
    context.wishesSet?.isBackendProxy !== true
  ) {
    return `${head.text.slice(0, head.text.length - 2)}${context.peer.forwardedFields(context.authority, 1)}\r\n`;
  }
  if (!context.isPathOriginal && !isSendable(head.method, context.path)) return undefined;
  let text = `${head.method} ${targetText(context)} HTTP/1.1\r\n`;
  if (fields === undefined) {
    const isHostSent = context.authority !== "" && (head.present & FieldId.host) !== 0 && context.isPathOriginal;
    const host = context.authority === "" ? fallbackHost : context.authority;
    if (!isHostSent) text += `Host: ${host}\r\n`;
    const dropped =
      HOP_BY_HOP |
      FORWARDED |
      (isHostSent ? 0 : FieldId.host) |
      (head.minorVersion === 0 ? FieldId.expect : 0) |
      (isReframed ? FieldId.contentLength : 0);
    const { requestFields: edits } = context;
    text += copyFields(head, dropped, namesWith(context.connectionNames, edits)) + forwardedFields(head, context) + edits.addedText;
  } else {
    const listed = fieldsText(fields);
    if (listed === undefined) return undefined;
    text += (context.authority === "" && getHeader(fields, "host") === undefined ? `Host: ${fallbackHost}\r\n` : "") + listed;
    if (!isReframed && (head.present & FieldId.contentLength) !== 0) text += `Content-Length: ${framing.lengthBytes}\r\n`;
  }
  if (framing.framing === Framing.chunked) text += "Transfer-Encoding: chunked\r\n";
  return `${text}${hopFields(head, framing.framing, upgrade)}\r\n`;
}

/** The target as the back end gets it: with scheme and host where that is a proxy (RFC 9112 sections 3.2.2 and 3.2.4). */
function targetText({ wishesSet, scheme, authority, path, querySuffix }: RequestContext): string {
  if (wishesSet?.isBackendProxy !== true || authority === "") return `${path}${querySuffix}`;
  return `${scheme}://${authority}${path === "*" ? "" : path}${querySuffix}`;
}

function namesWith(names: readonly string[], { dropped }: MessageFields): readonly string[] {
  return names.length === 0 ? dropped : dropped.length === 0 ? names : [...names, ...dropped];
}

/** Connection and what it names: `TE: trailers`, which gRPC insists on, and the upgrade. */
function hopFields(head: MessageHead, framing: Framing, upgrade: string): string {
  const takesTrailers = (head.present & FieldId.te) !== 0 && /(?:^|,)[ \t]*trailers[ \t]*(?:,|$)/i.test(head.valueOf(FieldId.te) ?? "");
  if (upgrade !== "")
    return `Connection: ${takesTrailers ? "TE, " : ""}Upgrade\r\nUpgrade: ${upgrade}\r\n${takesTrailers ? "TE: trailers\r\n" : ""}`;
  const isFinal = isContentOdd(head.method, framing);
  if (!takesTrailers) return isFinal ? "Connection: close\r\n" : "";
  return `Connection: ${isFinal ? "close, " : ""}TE\r\nTE: trailers\r\n`;
}

/** `HTTP/1.1 200 OK` and its line end. */
export function statusLine(status: number, reason: string): string {
  return `HTTP/1.1 ${status} ${reason}\r\n`;
}

/** The phrase for a status; some clients want one, so a code that has none gets its class. */
export function reasonOf(status: number): string {
  return reasonPhrases.get(status) ?? CLASSES[Math.floor(status / 100)] ?? "Unknown";
}

const CLASSES: readonly string[] = ["", "Informational", "Success", "Redirection", "Client Error", "Server Error"];

/** Which fields of a response are about the endpoint's connection, or about a framing that is made anew. */
function droppedFrom(head: MessageHead, framing: Framing, method: string): number {
  // RFC 9110 section 8.6: no Content-Length in a 1xx or 204.
  if (head.status < 200 || head.status === 204) return HOP_BY_HOP | FRAMING;
  if (framing === Framing.none && method !== "HEAD" && head.status !== 304) return HOP_BY_HOP | FieldId.transferEncoding;
  return HOP_BY_HOP;
}

/**
 * Status line and fields of a response as it is forwarded, without framing and connection fields of our own and without the empty line.
 * `edits` is what filters did, of whom none asked for the list.
 */
export function responseHeadText(head: MessageHead, dropped: DroppedFields, edits?: MessageFields): string {
  const isLineKept = head.minorVersion === 1 && head.reason !== "";
  const line = isLineKept
    ? head.text.slice(0, head.fieldsStart)
    : statusLine(head.status, head.reason === "" ? reasonOf(head.status) : head.reason);
  if (edits === undefined || edits.isUntouched) return line + copyFields(head, dropped.mask, dropped.names);
  return line + copyFields(head, dropped.mask, namesWith(dropped.names, edits)) + edits.addedText;
}

/** The fields of a response that are not forwarded. */
export function responseDropped(head: MessageHead, framing: Framing, method: string): DroppedFields {
  return { mask: droppedFrom(head, framing, method), names: connectionNames(connectionOptions(head)) };
}

/** A 1xx as it is forwarded, whole. */
export function interimText(head: MessageHead): string {
  return `${statusLine(head.status, head.reason)}${copyFields(head, HOP_BY_HOP | FieldId.contentLength, connectionNames(connectionOptions(head)))}\r\n`;
}
