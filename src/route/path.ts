/** A path that is safe to match and to forward. */
export interface NormalizedPath {
  /** What is sent to the back end. */
  readonly path: string;
  /** What routes are matched with: `path` with encoded slashes taken as slashes. The same string when there is none. */
  readonly matchPath: string;
}

/** Why a path is refused with 400: its meaning would depend on who reads it. */
export interface PathRefusal {
  readonly refusal: string;
}

// Letters, digits, "-", ".", "_", "~" (RFC 3986 section 2.3) and those of section 3.3 that no server reads differently when they are
// encoded. ";" (matrix parameters) and "+" (read as a space by some) stay as they were sent.
const DECODED = /[A-Za-z0-9\-._~!$&'()*,:=@]/;
// Printable ASCII but `"#<>?[\]^`{|}` and space, and whatever else RFC 3986 section 3.3 does not allow in a path. Brackets, braces,
// pipes, carets, quotes and backticks are sent raw by real clients and harmless; they stay as they are.
const FORBIDDEN = /[^\x21\x22\x24-\x3e\x40-\x5b\x5d-\x7e]/;

// Servlet containers cut parameters off (`/..;a=b/`) before they resolve dot segments.
const DOTS_WITH_PARAMETER = /(?:\/|%2F|%5C)\.{1,2}(?:;|%3B)/;

/**
 * The one reading of a request path, for matching and for forwarding (docs/reference/eskip.md, "Paths"):
 * encoded unreserved characters are decoded, other encodings are upper-cased (RFC 3986 section 6.2.2), runs of slashes become
 * one, dot segments are resolved. Refused: a dot segment above the root, a dot segment hidden behind an encoded
 * slash or backslash or before a parameter (`/..;/`), an encoded NUL, a raw backslash, a broken percent-encoding, characters no path has.
 * `raw` is the request target without its query.
 */
export function normalizePath(raw: string): NormalizedPath | PathRefusal {
  if (isPlain(raw)) return { path: raw, matchPath: raw };
  if (!raw.startsWith("/")) return { refusal: 'the path does not start with "/"' };
  if (FORBIDDEN.test(raw)) return { refusal: "the path has a character that must be percent-encoded" };
  if (/%(?![0-9A-Fa-f]{2})/.test(raw)) return { refusal: 'the path has a "%" without two hexadecimal digits' };
  const decoded = raw.replaceAll(/%[0-9A-Fa-f]{2}/g, (triplet) => {
    const character = String.fromCharCode(Number.parseInt(triplet.slice(1), 16));
    return DECODED.test(character) ? character : triplet.toUpperCase();
  });
  if (decoded.includes("%00")) return { refusal: "the path has an encoded NUL" };
  const path = resolveDots(decoded.replaceAll(/\/{2,}/g, "/"));
  if (path === undefined) return { refusal: 'the path leads above "/"' };
  if (DOTS_WITH_PARAMETER.test(path))
    return { refusal: "the path has a dot segment with a parameter, which some servers take for a dot segment" };
  if (!path.includes("%2F") && !path.includes("%5C")) return { path, matchPath: path };
  const opened = path.replaceAll("%2F", "/");
  if (opened.replaceAll("%5C", "/").split("/").some(isDots)) {
    return { refusal: "the path hides a dot segment behind an encoded slash or backslash" };
  }
  return { path, matchPath: opened.replaceAll(/\/{2,}/g, "/") };
}

/** By character code, what may stand in a path that needs no further look. */
const PLAIN = Uint8Array.from({ length: 128 }, (_, code) => Number(code !== 0x25 && !FORBIDDEN.test(String.fromCharCode(code))));
const SLASH = 0x2f;
const DOT = 0x2e;

/** Most paths need nothing done. A dot behind a slash may be a dot segment: that is looked at the long way. */
function isPlain(raw: string): boolean {
  if (raw.charCodeAt(0) !== SLASH) return false;
  let before = SLASH;
  for (let at = 1; at < raw.length; at++) {
    const code = raw.charCodeAt(at);
    if (code > 127 || PLAIN[code] === 0) return false;
    if (before === SLASH && (code === SLASH || code === DOT)) return false;
    before = code;
  }
  return true;
}

function isDots(segment: string): boolean {
  return segment === "." || segment === "..";
}

function resolveDots(path: string): string | undefined {
  if (!path.includes("/.")) return path;
  const segments = path.slice(1).split("/");
  const kept: string[] = [];
  for (const segment of segments) {
    if (segment === "..") {
      if (kept.pop() === undefined) return undefined;
    } else if (segment !== ".") kept.push(segment);
  }
  const directory = isDots(segments.at(-1) ?? "") && kept.length > 0;
  return `/${kept.join("/")}${directory ? "/" : ""}`;
}

/** Percent-encodes what cannot stand in a path as it is, so that text of a route or filter can be normalised; what is encoded stays so. */
export function encodePath(text: string): string {
  return text.replaceAll(/%(?![0-9A-Fa-f]{2})|[^\x21-\x7e]+|[\\#?"<>^`{|}]/gu, (found) => encodeURIComponent(found.toWellFormed()));
}

/**
 * Splits a Host field value into what routes are matched with: host in lower case without a trailing dot, port
 * (empty when none). IPv6 literals keep their brackets.
 */
export function splitAuthority(value: string): { readonly host: string; readonly port: string } {
  const colon = value.endsWith("]") ? -1 : value.lastIndexOf(":");
  const name = colon < 0 ? value : value.slice(0, colon);
  const host = name.endsWith(".") ? name.slice(0, -1) : name;
  return { host: host.toLowerCase(), port: colon < 0 ? "" : value.slice(colon + 1) };
}
