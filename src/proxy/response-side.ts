import { type CompiledRoute, runResponseFilters } from "../route/index.ts";
import { type BodyFraming, FieldId, Framing, HOP_BY_HOP, type MessageHead, copyFields, listFields } from "../wire/index.ts";
import { fieldsText, reasonOf, responseDropped, statusLine } from "./message-heads.ts";
import type { RequestContext } from "./request-context.ts";

/** Runs the response side of the filters that saw the request. False when one failed or left a status that can not be sent. */
export function runResponseSide(route: CompiledRoute, context: RequestContext, filtersRun: number): boolean {
  try {
    runResponseFilters(route.filters, context, filtersRun);
  } catch {
    return false;
  }
  const status = context.responseStatus;
  return Number.isInteger(status) && status >= 200 && status <= 599;
}

/** The head of an endpoint's response after the filters, its status in the context. Undefined when it can not be sent. */
export function filteredHeadText(
  route: CompiledRoute,
  context: RequestContext,
  filtersRun: number,
  head: MessageHead,
  framing: BodyFraming,
): string | undefined {
  const dropped = responseDropped(head, framing.framing, context.method);
  context.responseHeaders = listFields(head, dropped.mask | FieldId.contentLength, dropped.names);
  context.responseStatus = head.status;
  if (!runResponseSide(route, context, filtersRun)) return undefined;
  const status = context.responseStatus;
  const fields = fieldsText(context.responseHeaders);
  if (fields === undefined) return undefined;
  // A filter that makes something else of a 204 or 304 must not have the client wait for a body.
  const isEmptied = framing.framing === Framing.none && context.method !== "HEAD" && status !== 204 && status !== 304;
  const hasLength = (dropped.mask & FieldId.contentLength) === 0 && status !== 204;
  const length = isEmptied ? "0" : hasLength ? head.valueOf(FieldId.contentLength) : undefined;
  const reason = status === head.status && head.reason !== "" ? head.reason : reasonOf(status);
  return `${statusLine(status, reason)}${fields}${length === undefined ? "" : `Content-Length: ${length}\r\n`}`;
}

/** A 1xx as it is forwarded, whole. */
export function interimText(head: MessageHead): string {
  return `${statusLine(head.status, head.reason)}${copyFields(head, HOP_BY_HOP | FieldId.contentLength, [])}\r\n`;
}
