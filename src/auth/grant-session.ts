import { isRecord } from "../kernel/index.ts";
import type { FilterContext } from "../route/index.ts";
import { type LoginPlace, loginPlace } from "./browser-login.ts";
import { type CookieKeys, seal, unseal } from "./cookie-seal.ts";
import type { GrantTokens } from "./grant-server.ts";
import { cookieLines, cookieValues, dropCookie } from "./session-cookies.ts";
import { type GrantSettings, authLimits } from "./settings.ts";
import type { TokenInfo } from "./token-rules.ts";

/** Of what cookies hold: those of another version of this program do not open. */
const PURPOSE = "oauthGrant 1";

/** What a browser that logged in keeps, in a cookie that is sealed. */
export interface GrantSession {
  readonly tokens: GrantTokens;
  /** What tokeninfo said of the access token when it was new, for when it can not be asked; undefined when it could not be asked then, or it is too long. */
  readonly info: TokenInfo | undefined;
}

/** Where browsers of this request's host log in; undefined for a request without a host that could be called back. */
export function grantPlace({ authority }: FilterContext, settings: GrantSettings): LoginPlace | undefined {
  const { callbackUrl, callbackPath, cookie, removedSubdomains, isInsecure } = settings;
  const callback = URL.parse(callbackUrl ?? `${isInsecure ? "http" : "https"}://${authority}${callbackPath}`);
  return callback === null ? undefined : loginPlace(callback, cookie, removedSubdomains, PURPOSE);
}

/** The session that ends last, of those that the browser sends. The cookies do not reach the back end. */
export function takeSession(context: FilterContext, place: LoginPlace, keys: CookieKeys): GrantSession | undefined {
  const { requestHeaders } = context;
  let found: GrantSession | undefined;
  for (const text of cookieValues(requestHeaders, place.session.name)) {
    const data = unseal(keys, `session ${place.purpose}`, text);
    if (!isRecord(data) || !isRecord(data["tokens"])) continue;
    const session = data as unknown as GrantSession;
    if (found === undefined || session.tokens.untilMs > found.tokens.untilMs) found = session;
  }
  dropCookie(requestHeaders, place.session.name);
  dropCookie(requestHeaders, place.login.name);
  return found;
}

/** `Set-Cookie`, flat; undefined for tokens that are too long for cookies. */
export function sessionLines(
  place: LoginPlace,
  keys: CookieKeys,
  { tokens, info }: GrantSession,
  nowMs: number,
): readonly string[] | undefined {
  const keptMs = tokens.untilMs - nowMs + (tokens.refresh === undefined ? 0 : authLimits.refreshTokenMs);
  const lines = (data: object): readonly string[] | undefined =>
    cookieLines(place.session, seal(keys, `session ${place.purpose}`, data), Math.max(1, Math.floor(keptMs / 1000)));
  return lines({ tokens, info }) ?? lines({ tokens });
}

/** `Set-Cookie`, flat: the browser forgets it. */
export function endedSessionLines(place: LoginPlace): readonly string[] {
  return cookieLines(place.session, "", 0) ?? [];
}
