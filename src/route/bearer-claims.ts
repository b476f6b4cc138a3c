import { getHeader } from "./header-list.ts";

export type Claims = Readonly<Record<string, unknown>>;

let lastField = "";
let lastClaims: Claims | undefined;

/** The claims of a bearer token, nothing of which is proven; undefined when there is no readable one. Those of the last are kept for the next route. */
export function unprovenClaims({ requestHeaders }: { readonly requestHeaders: readonly string[] }): Claims | undefined {
  const field = getHeader(requestHeaders, "authorization") ?? "";
  if (field !== lastField) {
    lastClaims = readClaims(field);
    lastField = field;
  }
  return lastClaims;
}

function readClaims(field: string): Claims | undefined {
  const [, payload] = /^Bearer [^.\s]+\.([A-Za-z0-9_-]+)\.[^.\s]*$/.exec(field) ?? [];
  if (payload === undefined) return undefined;
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, "base64url").toString("utf8"));
    return typeof claims === "object" && claims !== null && !Array.isArray(claims) ? (claims as Claims) : undefined;
  } catch {
    return undefined;
  }
}
