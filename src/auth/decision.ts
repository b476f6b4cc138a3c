import type { FilterContext } from "../route/index.ts";

/** Why somebody is not let in; the words of Skipper's `rejectReason`. They go into metrics and the state of the exchange, never to the client. */
export type Reason =
  | "invalid-access"
  | "auth-service-access"
  | "wrong-password"
  | "missing-token"
  | "invalid-token"
  | "invalid-sub-in-token"
  | "missing-bearer-token"
  | "inactive-token"
  | "invalid-scope"
  | "invalid-claim";

/** Keys in `context.state`, as Skipper has them: other filters can write what stands there into fields. */
const USER = "auth-user";
const REJECT_REASON = "auth-reject-reason";

const TEXT = ["Content-Type", "text/plain; charset=utf-8", "Cache-Control", "no-store"];

/** 401 with what RFC 9110 section 11.6.1 asks for. The reason is not told to who may be trying. */
export function unauthorized(context: FilterContext, reason: Reason, challenge: string, user = ""): void {
  refuse(context, reason, user);
  context.respond(401, [...TEXT, "WWW-Authenticate", challenge], Buffer.from("401 Unauthorized\n"));
}

/** 302, or 307, to where somebody can prove who it is. Of bytes, as heads are. */
export function redirect(
  context: FilterContext,
  location: string,
  user: string,
  more: readonly string[] = [],
  status: 302 | 307 = 302,
): void {
  refuse(context, "invalid-access", user);
  const reason = status === 302 ? "302 Found\n" : "307 Temporary Redirect\n";
  context.respond(status, [...TEXT, ...more, "Location", location], Buffer.from(reason));
}

/** 200 with a page that leads there in its own way; X-Auth-Code-Url says where, too. */
export function redirectPage(context: FilterContext, location: string, page: Uint8Array, more: readonly string[]): void {
  refuse(context, "missing-token", "");
  const head = ["Content-Type", "text/html; charset=utf-8", "Cache-Control", "no-store", "X-Auth-Code-Url", location];
  context.respond(200, [...head, ...more], page);
}

/** 400: what a provider or a browser sent is no end of a login. */
export function badLogin(context: FilterContext): void {
  refuse(context, "invalid-access", "");
  context.respond(400, TEXT, Buffer.from("400 Bad Request\n"));
}

/** 403: who it is is known, and it is not enough. */
export function forbidden(context: FilterContext, reason: Reason, user = ""): void {
  refuse(context, reason, user);
  context.respond(403, TEXT, Buffer.from("403 Forbidden\n"));
}

/** 503: it can not be said at the moment. */
export function unavailable(context: FilterContext): void {
  refuse(context, "auth-service-access", "");
  context.respond(503, [...TEXT, "Retry-After", "5"], Buffer.from("503 Service Unavailable\n"));
}

function refuse({ state }: FilterContext, reason: Reason, user: string): void {
  state.set(USER, user);
  state.set(REJECT_REASON, reason);
}

export function authorized({ state }: FilterContext, user: string): void {
  state.set(USER, user);
}

/** A challenge of this scheme. */
export function challenge(scheme: "Basic" | "Bearer", realm: string): string {
  return `${scheme} realm="${realm.replaceAll(/[^\x20\x21\x23-\x5b\x5d-\x7e]/g, "_")}"`;
}
