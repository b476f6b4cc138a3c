import { type FilterContext, sameName } from "../route/index.ts";

/** The one Authorization line; undefined when there is none, or when there are several: nobody knows which one the back end reads. */
export function credentials(headers: readonly string[]): string | undefined {
  let found: string | undefined;
  for (let at = 0; at < headers.length; at += 2) {
    if (!sameName(headers[at] as string, "authorization")) continue;
    if (found !== undefined) return undefined;
    found = headers[at + 1];
  }
  return found;
}

/** The token of `Authorization: Bearer …` (RFC 6750 section 2.1); undefined when there is none. */
export function bearerToken({ requestHeaders }: FilterContext): string | undefined {
  const value = credentials(requestHeaders);
  return value === undefined ? undefined : /^bearer +([\x21-\x7e]+)$/i.exec(value)?.[1];
}

/** The value of Authorization by which a client tells a token's authority who it is (RFC 6749 section 2.3.1). */
export function clientCredentials(id: string, secret: string): string {
  const encode = (text: string): string => new URLSearchParams({ "": text }).toString().slice(1);
  return `Basic ${Buffer.from(`${encode(id)}:${encode(secret)}`).toString("base64")}`;
}
