import { randomBytes } from "node:crypto";
import { isIP } from "node:net";
import { isRecord } from "../kernel/index.ts";
import type { FilterContext } from "../route/index.ts";
import { type CookieKeys, seal, unseal } from "./cookie-seal.ts";
import { type CookieScope, cookieLines, cookieValues, guardedName } from "./session-cookies.ts";
import { authLimits } from "./settings.ts";

const LONGEST_RETURN = 2_000;

/** Where a browser comes back to from logging in, and which cookies it keeps. */
export interface LoginPlace {
  readonly callback: URL;
  readonly session: CookieScope;
  readonly login: CookieScope;
  /** What cookies and states are sealed for: those of another provider, client or filter do not open. */
  readonly purpose: string;
}

/** `removedLabels`: how many labels of the callback's host the domain of cookies has less. */
export function loginPlace(callback: URL, cookie: string, removedLabels: number, purpose: string): LoginPlace {
  const scope = { domain: cookieDomain(callback.hostname, removedLabels), path: "/", isSecure: callback.protocol === "https:" };
  return {
    callback,
    // A cookie of another domain, which a browser may send here too, is of somebody else.
    purpose: `${purpose} ${scope.domain ?? callback.hostname}`,
    session: { ...scope, name: guardedName(cookie, scope) },
    login: { ...scope, name: guardedName(`${cookie}-login`, scope) },
  };
}

/** `host` without so many of its first labels; undefined, for the whole host, when fewer than two would be left, or it is an address. */
function cookieDomain(host: string, removed: number): string | undefined {
  const labels = host.split(".");
  if (removed === 0 || isIP(host.replace(/^\[|\]$/g, "")) !== 0 || labels.length - removed < 2) return undefined;
  return labels.slice(removed).join(".");
}

/** What a browser keeps of its logins under way, in a cookie: those begun in several windows share it. */
export interface Login {
  readonly id: string;
  readonly nonce: string;
  readonly verifier: string;
  readonly untilMs: number;
}

/** A login that a browser is sent to. */
export interface BegunLogin {
  readonly login: Login;
  /** For the provider, which gives it back. */
  readonly state: string;
  /** `Set-Cookie`, flat. */
  readonly lines: readonly string[];
}

/**
 * Where a request's browser goes when it has logged in; undefined where no login can begin: whoever sends something would lose it on the way to
 * the provider, and only at hosts that the callback's cookies come back to can a login end.
 */
export function returnTarget({ method, host, authority, path, query }: FilterContext, place: LoginPlace): string | undefined {
  if ((method !== "GET" && method !== "HEAD") || !isBelow(host, place)) return undefined;
  const target = `${path}${query === "" ? "" : `?${query}`}`;
  return `${place.callback.protocol}//${authority}${target.length > LONGEST_RETURN ? "/" : target}`;
}

/** Begins a login, or joins the one that the browser has begun in another window. */
export function beginLogin(place: LoginPlace, keys: CookieKeys, headers: readonly string[], returnTo: string, nowMs: number): BegunLogin {
  const login = loginOf(place, keys, headers, nowMs) ?? newLogin(nowMs + authLimits.loginMs);
  const seconds = Math.ceil((login.untilMs - nowMs) / 1000);
  return {
    login,
    state: seal(keys, `state ${place.purpose}`, { id: login.id, returnTo, untilMs: login.untilMs }),
    lines: cookieLines(place.login, seal(keys, `login ${place.purpose}`, login), seconds) ?? [],
  };
}

function newLogin(untilMs: number): Login {
  const random = (): string => randomBytes(32).toString("base64url");
  return { id: random(), nonce: random(), verifier: random(), untilMs };
}

/**
 * What a provider's answer is to; without its login when that took too long. Undefined for another browser's, or one that nobody began: whoever
 * follows a link would be logged in as somebody else.
 */
export function endedLogin(
  place: LoginPlace,
  keys: CookieKeys,
  headers: readonly string[],
  state: string,
  nowMs: number,
): { readonly login: Login | undefined; readonly returnTo: string } | undefined {
  const begun = unseal(keys, `state ${place.purpose}`, state);
  if (!isRecord(begun) || typeof begun["returnTo"] !== "string" || typeof begun["untilMs"] !== "number") return undefined;
  const { returnTo, untilMs } = begun;
  if (untilMs <= nowMs) return { login: undefined, returnTo };
  const login = loginOf(place, keys, headers, nowMs);
  return login?.id === begun["id"] ? { login, returnTo } : undefined;
}

function loginOf({ login: { name }, purpose }: LoginPlace, keys: CookieKeys, headers: readonly string[], nowMs: number): Login | undefined {
  for (const text of cookieValues(headers, name)) {
    const data = unseal(keys, `login ${purpose}`, text);
    if (isRecord(data) && typeof data["untilMs"] === "number" && data["untilMs"] > nowMs) return data as unknown as Login;
  }
  return undefined;
}

/** Whether cookies of the callback's host come back to this one. */
function isBelow(host: string, { session: { domain }, callback }: LoginPlace): boolean {
  return host === callback.hostname || (domain !== undefined && (host === domain || host.endsWith(`.${domain}`)));
}
