import { type HeaderList, getHeader } from "../route/index.ts";
import { FieldId, HOP_BY_HOP, type MessageHead, listFields } from "../wire/index.ts";
import type { Peer } from "./peer.ts";

/** X-Forwarded-For, -Proto, -Port and -Host: what the proxy writes itself. */
export const FORWARDED = FieldId.xForwardedFor | FieldId.xForwardedProto | FieldId.xForwardedPort | FieldId.xForwardedHost;
const FRAMING = FieldId.contentLength | FieldId.transferEncoding;

interface Forwarding {
  readonly peer: Pick<Peer, "address" | "scheme" | "localPort" | "isTrusted" | "forwardedFields" | "viaLine">;
  /** Host as it is forwarded. */
  readonly authority: string;
  /** Lower-case names of the fields that Connection takes away. */
  readonly connectionNames: readonly string[];
}

/** All lines of X-Forwarded-For as one value. */
export function forwardedForOf(head: MessageHead): string {
  if ((head.repeated & FieldId.xForwardedFor) === 0) return head.valueOf(FieldId.xForwardedFor) ?? "";
  const values: string[] = [];
  for (let index = 0; index < head.fieldCount; index++) {
    if (head.idAt(index) === FieldId.xForwardedFor) values.push(head.valueAt(index));
  }
  return values.join(", ");
}

/**
 * The X-Forwarded-* lines to be sent, and Via if it is. What a trusted proxy said is kept and our peer appended; what anybody else said is
 * replaced, as a client could claim any address.
 */
export function forwardedFields(head: MessageHead, context: Omit<Forwarding, "connectionNames">): string {
  const peer = context.peer;
  const present = head.present & FORWARDED;
  if (present === 0 || !peer.isTrusted) return peer.forwardedFields(context.authority, head.minorVersion);
  const before = (present & FieldId.xForwardedFor) === 0 ? "" : forwardedForOf(head);
  const proto = head.valueOf(FieldId.xForwardedProto) ?? peer.scheme;
  // A proxy that says https and no port was asked on the port of https, not on ours.
  const port =
    head.valueOf(FieldId.xForwardedPort) ?? ((present & FieldId.xForwardedProto) === 0 ? peer.localPort : proto === "https" ? "443" : "80");
  const host = head.valueOf(FieldId.xForwardedHost) ?? context.authority;
  return `X-Forwarded-For: ${before === "" ? "" : `${before}, `}${peer.address}\r\nX-Forwarded-Proto: ${proto}\r\nX-Forwarded-Port: ${port}\r\n${host === "" ? "" : `X-Forwarded-Host: ${host}\r\n`}${peer.viaLine(head.minorVersion)}`;
}

/** The fields of a request that are forwarded, without those that frame its body or speak of the connection. */
export function listForwarded(head: MessageHead, context: Forwarding): HeaderList {
  const dropped = HOP_BY_HOP | FRAMING | FORWARDED | (head.minorVersion === 0 ? FieldId.expect : 0);
  const fields = listFields(head, dropped, context.connectionNames);
  if (context.authority !== "" && getHeader(fields, "host") !== context.authority) {
    const host = fields.findIndex((name, at) => at % 2 === 0 && name.toLowerCase() === "host");
    if (host >= 0) fields[host + 1] = context.authority;
    else fields.unshift("Host", context.authority);
  }
  for (const line of forwardedFields(head, context).split("\r\n")) {
    const colon = line.indexOf(": ");
    if (colon > 0) fields.push(line.slice(0, colon), line.slice(colon + 2));
  }
  return fields;
}
