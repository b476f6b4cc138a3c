import { cookiesIn, withoutCookie } from "../route/index.ts";
import { authLimits } from "./settings.ts";

/** Where a cookie counts. */
export interface CookieScope {
  readonly name: string;
  /** For this domain and those below it; undefined: for the host alone. */
  readonly domain: string | undefined;
  readonly path: string;
  readonly isSecure: boolean;
}

/** A name that browsers let no other host, and nobody without TLS, set (draft-ietf-httpbis-rfc6265bis section 4.1.3). */
export function guardedName(name: string, { domain, path, isSecure }: Omit<CookieScope, "name">): string {
  if (!isSecure) return name;
  return domain === undefined && path === "/" ? `__Host-${name}` : `__Secure-${name}`;
}

/** `Set-Cookie` lines, flat, for a value that may be too long for one; those of a longer one before it are taken away. Undefined when it is too long. */
export function cookieLines(scope: CookieScope, value: string, maxAgeSeconds: number): readonly string[] | undefined {
  const parts = value.match(new RegExp(`.{1,${authLimits.cookieBytes}}`, "g")) ?? [""];
  if (parts.length > authLimits.sessionCookies) return undefined;
  const lines: string[] = [];
  for (let at = 0; at < authLimits.sessionCookies; at++) {
    const part = parts[at];
    if (part !== undefined) lines.push(...line(scope, at, part, maxAgeSeconds));
    else if (at === parts.length) lines.push(...line(scope, at, "", 0));
  }
  return lines;
}

function line({ name, domain, path, isSecure }: CookieScope, at: number, value: string, maxAgeSeconds: number): readonly string[] {
  const scope = `Path=${path}${domain === undefined ? "" : `; Domain=${domain}`}; Max-Age=${maxAgeSeconds}`;
  return ["Set-Cookie", `${partName(name, at)}=${value}; ${scope}; HttpOnly; SameSite=Lax${isSecure ? "; Secure" : ""}`];
}

/**
 * The values of the cookies of this name, each put together from its parts. A browser sends several of one name when hosts above set
 * theirs too, and does not say whose is whose; so many of them are looked at.
 */
export function cookieValues(headers: readonly string[], name: string): readonly string[] {
  const parts = Array.from({ length: authLimits.sessionCookies }, (_, at) => valuesOf(headers, partName(name, at)));
  return (parts[0] ?? []).slice(0, authLimits.sameCookies).flatMap((first, which) => {
    if (first === "") return [];
    let value = first;
    for (const more of parts.slice(1)) {
      const part = more[which] ?? "";
      if (part === "") break;
      value += part;
    }
    return [value];
  });
}

/** Takes the cookie's parts out of what the back end gets. */
export function dropCookie(headers: string[], name: string): void {
  for (let at = headers.length - 2; at >= 0; at -= 2) {
    if ((headers[at] as string).toLowerCase() !== "cookie") continue;
    let kept = headers[at + 1] as string;
    for (let part = 0; part < authLimits.sessionCookies; part++) kept = withoutCookie(kept, partName(name, part));
    if (kept === "") headers.splice(at, 2);
    else headers[at + 1] = kept;
  }
}

function partName(name: string, at: number): string {
  return at === 0 ? name : `${name}.${at}`;
}

function valuesOf(headers: readonly string[], name: string): readonly string[] {
  const values: string[] = [];
  for (let index = 0; index < headers.length; index += 2)
    if ((headers[index] as string).toLowerCase() === "cookie") values.push(...cookiesIn(headers[index + 1] as string, name));
  return values;
}
