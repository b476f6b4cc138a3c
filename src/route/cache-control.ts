import { getHeader, sameName } from "./header-list.ts";

/** Directives of Cache-Control that matter to a shared cache (RFC 9111 section 5.2, RFC 5861); seconds, undefined where one is not there. */
export interface CacheDirectives {
  readonly noStore: boolean;
  /** Also with names of fields behind it. */
  readonly noCache: boolean;
  /** Also with names of fields behind it. */
  readonly isPrivate: boolean;
  readonly isPublic: boolean;
  /** must-revalidate, or one that says as much to a shared cache. */
  readonly mustRevalidate: boolean;
  readonly onlyIfCached: boolean;
  readonly maxAge: number | undefined;
  readonly sharedMaxAge: number | undefined;
  readonly minFresh: number | undefined;
  readonly staleWhileRevalidate: number;
  readonly staleIfError: number;
}

/** What stands for "very long" (RFC 9111 section 1.2.2). */
const MOST_SECONDS = 2_147_483_648;

/** All lines of this name as one value; undefined where there is none. */
export function fieldOf(headers: readonly string[], name: string): string | undefined {
  let value: string | undefined;
  for (let at = 0; at < headers.length; at += 2) {
    if (sameName(headers[at] as string, name)) value = value === undefined ? headers[at + 1] : `${value}, ${headers[at + 1]}`;
  }
  return value;
}

/** Reads Cache-Control, or Pragma where a request has only that. What cannot be understood counts as the stricter thing. */
export function cacheDirectives(headers: readonly string[]): CacheDirectives {
  const field = fieldOf(headers, "cache-control");
  const values = new Map<string, string | undefined>();
  for (const [, name = "", quoted, token] of (field ?? "").matchAll(/([^\s,;="]+)(?:\s*=\s*(?:"([^"]*)"|([^\s,;"]*)))?/g)) {
    const key = name.toLowerCase();
    const value = quoted ?? token;
    // Of two that do not agree the shorter one counts (RFC 9111 section 4.2.1).
    if (values.has(key) && secondsOf(values.get(key)) <= secondsOf(value)) continue;
    values.set(key, value);
  }
  const seconds = (name: string): number | undefined => (values.has(name) ? secondsOf(values.get(name)) : undefined);
  return {
    noStore: values.has("no-store"),
    noCache: values.has("no-cache") || (field === undefined && /(?:^|,)\s*no-cache\b/i.test(getHeader(headers, "pragma") ?? "")),
    isPrivate: values.has("private"),
    isPublic: values.has("public"),
    mustRevalidate: values.has("must-revalidate") || values.has("proxy-revalidate") || values.has("s-maxage"),
    onlyIfCached: values.has("only-if-cached"),
    maxAge: seconds("max-age"),
    sharedMaxAge: seconds("s-maxage"),
    minFresh: seconds("min-fresh"),
    staleWhileRevalidate: seconds("stale-while-revalidate") ?? 0,
    staleIfError: seconds("stale-if-error") ?? 0,
  };
}

/** What is no number of seconds is stale at once. */
function secondsOf(value: string | undefined): number {
  return value !== undefined && /^\d+$/.test(value) ? Math.min(Number(value), MOST_SECONDS) : 0;
}

/** An HTTP date in the form that is to be sent (RFC 9110 section 5.6.7), in milliseconds; undefined for anything else. */
export function dateOf(value: string | undefined): number | undefined {
  if (value === undefined || !/^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/.test(value)) return undefined;
  const ms = Date.parse(value);
  return Number.isNaN(ms) ? undefined : ms;
}

/** How old a response was when it came, by its Date and Age (RFC 9111 section 4.2.3). */
export function ageMs(headers: readonly string[], wallMs: number): number {
  const date = dateOf(getHeader(headers, "date"));
  const age = fieldOf(headers, "age");
  return Math.max(0, date === undefined ? 0 : wallMs - date, age === undefined ? 0 : secondsOf(age.trim()) * 1_000);
}

const GUESSED_MOST_MS = 86_400_000;

/** How long a response is fresh, from when it was made, by what it says itself (RFC 9111 section 4.2.1); undefined when it says nothing. */
export function lifetimeMs(headers: readonly string[], directives: CacheDirectives, wallMs: number): number | undefined {
  const seconds = directives.sharedMaxAge ?? directives.maxAge;
  if (seconds !== undefined) return seconds * 1_000;
  const madeMs = dateOf(getHeader(headers, "date")) ?? wallMs;
  const expires = fieldOf(headers, "expires");
  if (expires !== undefined) return Math.max(0, (dateOf(expires) ?? 0) - madeMs);
  const modifiedMs = dateOf(getHeader(headers, "last-modified"));
  // A tenth of the time in which it did not change (RFC 9111 section 4.2.2), a day at most.
  return modifiedMs === undefined ? undefined : Math.min(Math.max(0, (madeMs - modifiedMs) / 10), GUESSED_MOST_MS);
}

/** Whether the client has what is stored (RFC 9110 sections 13.1.2 and 13.1.3). */
export function isNotModified(request: readonly string[], stored: readonly string[]): boolean {
  const asked = fieldOf(request, "if-none-match");
  const tag = getHeader(stored, "etag");
  if (asked !== undefined) {
    if (asked.trim() === "*") return true;
    return tag !== undefined && [...asked.matchAll(/(?:W\/)?("[^"]*")/g)].some(([, opaque]) => opaque === tag.replace(/^W\//, ""));
  }
  const sinceMs = dateOf(getHeader(request, "if-modified-since"));
  const modifiedMs = dateOf(getHeader(stored, "last-modified"));
  return sinceMs !== undefined && modifiedMs !== undefined && modifiedMs <= sinceMs;
}
