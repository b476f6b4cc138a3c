/** The value of the first cookie with this name in a Cookie line (RFC 6265 section 4.2.1), without the quotes around it; undefined when there is none. */
export function cookieIn(line: string, name: string): string | undefined {
  for (const pair of line.split(";")) {
    const value = valueIn(pair, name);
    if (value !== undefined) return value;
  }
  return undefined;
}

/** The values of all cookies with this name. */
export function cookiesIn(line: string, name: string): readonly string[] {
  return line.split(";").flatMap((pair) => valueIn(pair, name) ?? []);
}

function valueIn(pair: string, name: string): string | undefined {
  const equals = pair.indexOf("=");
  if (equals <= 0 || pair.slice(0, equals).trim() !== name) return undefined;
  const value = pair.slice(equals + 1).trim();
  return value.length >= 2 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value;
}

/** The line without the cookies of this name; empty when none is left, the same string when there were none. */
export function withoutCookie(line: string, name: string): string {
  const pairs = line.split(";").map((pair) => pair.trim());
  const kept = pairs.filter((pair) => pair !== "" && cookieName(pair) !== name);
  return pairs.some((pair) => cookieName(pair) === name) ? kept.join("; ") : line;
}

/** The name of a pair, or of a whole Set-Cookie line. */
export function cookieName(text: string): string {
  const end = text.search(/[=;]/);
  return (end < 0 ? text : text.slice(0, end)).trim();
}
