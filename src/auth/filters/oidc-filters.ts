import { createHash } from "node:crypto";
import { isIP } from "node:net";
import { AppError, isRecord } from "../../kernel/index.ts";
import {
  type CallArguments,
  type FilterContext,
  type FilterSpec,
  type Parameter,
  checkedName,
  defineFilter,
  queryValue,
} from "../../route/index.ts";
import { type CookieKeys, seal, unseal } from "../cookie-seal.ts";
import { authorized, challenge, redirect, unauthorized } from "../decision.ts";
import { decidingFilter, tell } from "../filter-kit.ts";
import { type LoggedIn, type Login, type OidcClient, authorizationUrl, finishLogin, newLogin } from "../oidc-flow.ts";
import { replaceField } from "../replace-field.ts";
import type { AuthRuntime } from "../runtime.ts";
import { type CookieScope, cookieLines, cookieValue, dropCookie, guardedName } from "../session-cookies.ts";
import { type AuthSettings, authLimits } from "../settings.ts";
import { tokenData, valueAt } from "../token-data.ts";
import { resolveSecret } from "./arguments.ts";
import { authorityUrl, issuerUrl } from "./authority-url.ts";

/** Of what cookies hold: those of another version of this program do not open. */
const FORMAT = 1;
const LONGEST_RETURN = 2_000;

type Kind = "UserInfo" | "AnyClaims" | "AllClaims";

interface Oidc {
  readonly kind: Kind;
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly callback: URL;
  readonly parameters: Readonly<Record<string, string>>;
  readonly claims: readonly string[];
  /** Fields that the back end gets, and where in the session their values stand. */
  readonly upstream: readonly (readonly [field: string, path: string])[];
  readonly session: CookieScope;
  readonly login: CookieScope;
  /** What cookies and states are sealed for: those of another provider, client or filter do not open. */
  readonly purpose: string;
}

/** What a session cookie holds. */
interface Session {
  readonly sub: string;
  readonly claims: Readonly<Record<string, unknown>>;
  readonly userInfo?: Readonly<Record<string, unknown>>;
  readonly oauth2token?: { readonly access_token: string };
  readonly oidctoken?: string;
  readonly untilMs: number;
}

function judge(context: FilterContext, runtime: AuthRuntime, oidc: Oidc): void | Promise<void> {
  const keys = runtime.cookieKeys?.content;
  if (keys === undefined) return Promise.reject(new AppError("AUTH_SECRET", "the file of --oidc-secrets-file can not be used"));
  runtime.authority({ kind: "issuer", url: oidc.issuer }).use();
  const isCallback = context.matchPath === oidc.callback.pathname && context.authority.toLowerCase() === oidc.callback.host;
  const state = isCallback ? queryValue(context.query, "state") : undefined;
  if (state !== undefined) return finish(context, runtime, oidc, keys, state);
  const session = sessionOf(context, oidc, keys, runtime.deps.clock.wallMs());
  if (session === undefined) return begin(context, runtime, oidc, keys);
  letIn(context, oidc, session);
}

function sessionOf({ requestHeaders }: FilterContext, { session, purpose }: Oidc, keys: CookieKeys, nowMs: number): Session | undefined {
  const text = cookieValue(requestHeaders, session.name);
  const data = text === undefined ? undefined : unseal(keys, `session ${purpose}`, text);
  return isRecord(data) && typeof data["untilMs"] === "number" && data["untilMs"] > nowMs ? (data as unknown as Session) : undefined;
}

function letIn(context: FilterContext, oidc: Oidc, session: Session): void {
  const held = oidc.kind === "UserInfo" ? (session.userInfo ?? {}) : session.claims;
  const has = (name: string): boolean => Object.hasOwn(held, name);
  const isIn = oidc.kind === "AnyClaims" && oidc.claims.length > 0 ? oidc.claims.some(has) : oidc.claims.every(has);
  if (!isIn) return unauthorized(context, "invalid-claim", challenge("Bearer", new URL(oidc.issuer).hostname), session.sub);
  dropCookie(context.requestHeaders, oidc.session.name);
  dropCookie(context.requestHeaders, oidc.login.name);
  for (const [field, path] of oidc.upstream) replaceField(context, field, valueAt({ ...session }, path));
  tokenData.keepClaims(context, held);
  authorized(context, session.sub);
}

async function begin(context: FilterContext, runtime: AuthRuntime, oidc: Oidc, keys: CookieKeys): Promise<void> {
  const { signal, method, host, authority, path, query, requestHeaders } = context;
  const plain = challenge("Bearer", new URL(oidc.issuer).hostname);
  // Whoever sends something else would lose it on the way to the provider; and only where the cookie will come back can a login end.
  if ((method !== "GET" && method !== "HEAD") || !isBelow(host, oidc)) return unauthorized(context, "missing-token", plain);
  const target = `${path}${query === "" ? "" : `?${query}`}`;
  const returnTo = `${oidc.callback.protocol}//${authority}${target.length > LONGEST_RETURN ? "/" : target}`;
  const nowMs = runtime.deps.clock.wallMs();
  const login = loginOf(requestHeaders, oidc, keys, nowMs) ?? newLogin(nowMs + authLimits.loginMs);
  const state = seal(keys, `state ${oidc.purpose}`, { id: login.id, returnTo });
  const url = await authorizationUrl(runtime, clientOf(runtime, oidc), login, state, oidc.parameters);
  if (signal.aborted) return;
  const lines = cookieLines(oidc.login, seal(keys, `login ${oidc.purpose}`, login), Math.ceil((login.untilMs - nowMs) / 1000)) ?? [];
  redirect(context, url, "", lines);
}

/** Whether cookies of the callback's host come back to this one. */
function isBelow(host: string, { session: { domain }, callback }: Oidc): boolean {
  return host === callback.hostname || (domain !== undefined && (host === domain || host.endsWith(`.${domain}`)));
}

function loginOf(headers: readonly string[], { login: { name }, purpose }: Oidc, keys: CookieKeys, nowMs: number): Login | undefined {
  const data = unseal(keys, `login ${purpose}`, cookieValue(headers, name) ?? "");
  return isRecord(data) && typeof data["untilMs"] === "number" && data["untilMs"] > nowMs ? (data as unknown as Login) : undefined;
}

async function finish(context: FilterContext, runtime: AuthRuntime, oidc: Oidc, keys: CookieKeys, state: string): Promise<void> {
  const { signal, requestHeaders, query } = context;
  const nowMs = runtime.deps.clock.wallMs();
  const plain = challenge("Bearer", new URL(oidc.issuer).hostname);
  const login = loginOf(requestHeaders, oidc, keys, nowMs);
  const begun = unseal(keys, `state ${oidc.purpose}`, state);
  // Another browser's login, or one that nobody began: whoever follows a link would be logged in as somebody else.
  if (login === undefined || !isRecord(begun) || begun["id"] !== login.id) return unauthorized(context, "invalid-token", plain);
  let who: LoggedIn;
  try {
    who = await finishLogin(runtime, clientOf(runtime, oidc), login, { query, state, withUserInfo: oidc.kind === "UserInfo" });
  } catch (thrown) {
    tell(runtime, `oauthOidc${oidc.kind}`, thrown);
    if (!(thrown instanceof AppError) || thrown.code !== "AUTH_TOKEN") throw thrown;
    if (!signal.aborted) unauthorized(context, "invalid-token", plain);
    return;
  }
  if (signal.aborted) return;
  const { exp } = who.claims;
  const untilMs = Math.min(nowMs + (runtime.settings.oidc?.sessionMs ?? 0), typeof exp === "number" ? exp * 1000 : Infinity);
  const isWanted = (path: string): boolean => oidc.upstream.some(([, wanted]) => wanted === path);
  const session: Session = {
    sub: who.subject,
    claims: who.claims,
    ...(who.userInfo === undefined ? {} : { userInfo: who.userInfo }),
    // Tokens are long, and go nowhere where nobody wants them.
    ...(isWanted("oauth2token.access_token") ? { oauth2token: { access_token: who.accessToken } } : {}),
    ...(isWanted("oidctoken") ? { oidctoken: who.idToken } : {}),
    untilMs,
  };
  const lines = cookieLines(
    oidc.session,
    seal(keys, `session ${oidc.purpose}`, session),
    Math.max(1, Math.floor((untilMs - nowMs) / 1000)),
  );
  if (lines === undefined) throw new AppError("AUTH_MALFORMED", `${oidc.issuer}: what it says of somebody is too long for cookies`);
  redirect(context, String(begun["returnTo"]), who.subject, lines);
}

function clientOf(runtime: AuthRuntime, { issuer, clientId, clientSecret, callback }: Oidc): OidcClient {
  const { client: usual } = runtime.settings.oidc ?? { client: { id: "", secret: "" } };
  const id = resolveSecret(runtime, clientId === "" ? usual.id : clientId);
  const secret = resolveSecret(runtime, clientSecret === "" ? usual.secret : clientSecret);
  if (id === undefined || secret === undefined || id === "")
    throw new AppError("AUTH_SECRET", `${issuer}: there is no client id or secret`);
  return { issuer, id, secret, callbackUrl: callback.href };
}

/** `host` without so many of its first labels; the whole host when fewer than two would be left, or it is an address. */
function cookieDomain(host: string, removed: number): string | undefined {
  const labels = host.split(".");
  if (removed === 0 || isIP(host.replace(/^\[|\]$/g, "")) !== 0 || labels.length - removed < 2) return undefined;
  return labels.slice(removed).join(".");
}

function readOidc(args: CallArguments, kind: Kind): Oidc {
  const issuer = issuerUrl(args, 0);
  const callback = new URL(authorityUrl(args, 3));
  if (callback.search !== "" || callback.pathname === "/") throw args.refusal("a callback with a path of its own and no query");
  const words = (at: number): readonly string[] => (args.optionalText(at) ?? "").split(" ").filter((word) => word !== "");
  const parameters: Record<string, string> = { scope: ["openid", ...words(4).filter((scope) => scope !== "openid")].join(" ") };
  for (const pair of words(6)) {
    const equals = pair.indexOf("=");
    if (equals < 1 || RESERVED.has(pair.slice(0, equals)))
      throw args.refusal("options of the provider, name=value, that are not the login's own");
    parameters[pair.slice(0, equals)] = pair.slice(equals + 1);
  }
  const upstream = words(7).map((pair) => {
    const [, field = "", path = ""] = /^([^:]+):(.+)$/.exec(pair) ?? [];
    return [checkedName(args, field), path] as const;
  });
  const removed = Number(args.optionalText(8) ?? "1");
  if (!Number.isInteger(removed) || removed < 0 || removed > 10) throw args.refusal('a number of subdomains from "0" to "10"');
  const isSecure = callback.protocol === "https:";
  const purpose = createHash("sha256")
    .update(JSON.stringify([FORMAT, issuer, args.text(1), callback.href, kind]))
    .digest("hex");
  const name = args.optionalText(9) ?? `holdfast-oidc-${purpose.slice(0, 8)}`;
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}$/.test(name)) throw args.refusal("a cookie name of at most 64 letters, digits and dashes");
  const scope = { domain: cookieDomain(callback.hostname, removed), path: "/", isSecure };
  return {
    kind,
    issuer,
    clientId: args.text(1),
    clientSecret: args.text(2),
    callback,
    parameters,
    claims: words(5),
    upstream,
    session: { ...scope, name: guardedName(name, scope) },
    login: { ...scope, name: guardedName(`${name}-login`, scope) },
    purpose,
  };
}

const RESERVED = new Set([
  "response_type",
  "client_id",
  "redirect_uri",
  "state",
  "nonce",
  "code_challenge",
  "code_challenge_method",
  "scope",
]);

const parameters: readonly Parameter[] = [
  { name: "issuer", type: "text", what: "URL of the provider" },
  {
    name: "clientId",
    type: "text",
    what: "who this router is to it; empty: `OIDC_CLIENT_ID` of the environment; `secretRef:PATH`: what a file of `--credentials-paths` says",
    isSecret: "always",
  },
  { name: "clientSecret", type: "text", what: "likewise, `OIDC_CLIENT_SECRET`", isSecret: "always" },
  {
    name: "callback",
    type: "text",
    what: "URL to which the provider sends the browser back; a path that comes to this route and is used for nothing else",
  },
  { name: "scopes", type: "text", what: "to ask for, with spaces between" },
  { name: "claims", type: "text", what: "that must be there, with spaces between" },
  { name: "options", type: "text", what: "for the provider, `name=value`, with spaces between", occurs: "optional" },
  {
    name: "fields",
    type: "text",
    what: "that the back end gets, `Field:key.key`, with spaces between; keys as in `claims.email`, `userInfo.name`, `oauth2token.access_token`, `oidctoken`, `sub`",
    occurs: "optional",
  },
  {
    name: "subdomains",
    type: "text",
    what: 'how many labels of the callback\'s host the domain of cookies has less, "1" when left out',
    occurs: "optional",
  },
  { name: "cookie", type: "text", what: "name of the cookie", occurs: "optional" },
];

const DOES: Readonly<Record<Kind, string>> = {
  UserInfo: "of whom the provider's user info has all of the claims",
  AnyClaims: "whose ID token has one of the claims",
  AllClaims: "whose ID token has all of the claims",
};

/** Filters that send browsers to a provider of OpenID Connect to log in. `settings` undefined: what the router will be told is not known. */
export function oidcFilters(settings: AuthSettings | undefined, runtime: AuthRuntime | undefined): readonly FilterSpec[] {
  return (["UserInfo", "AnyClaims", "AllClaims"] as const).map((kind) => {
    const name = `oauthOidc${kind}`;
    return defineFilter({
      name,
      family: "Who somebody is",
      does: `lets through browsers that logged in at a provider of OpenID Connect, ${DOES[kind]}; sends others there (302), and answers 401 to those without the claims, and to other methods than GET and HEAD.`,
      parameters,
      deviations: [
        "Sessions stand in cookies that are sealed with AES-256-GCM, `__Host-` or `__Secure-`, HttpOnly, SameSite=Lax, up to 3 of them; the back end does not get them. They end with the ID token, or after `--oidc-session`; nothing is refreshed, the browser is sent to the provider again.",
        "PKCE and nonce are always used; the ID token's signature is checked. `skipper-request-query` has no meaning.",
        "The provider's metadata is asked for in the background; while it is not known 503.",
      ],
      create(args) {
        if (settings !== undefined && settings.oidc === undefined)
          throw new AppError("ROUTE_ARGUMENT", "the router was started without --oidc-secrets-file FILE, which has the keys of cookies");
        const oidc = readOidc(args, kind);
        return decidingFilter(name, runtime, (context, live) => judge(context, live, oidc));
      },
    });
  });
}
