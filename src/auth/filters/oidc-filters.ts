import { AppError, isRecord } from "../../kernel/index.ts";
import { type FilterContext, type FilterSpec, defineFilter, queryValue } from "../../route/index.ts";
import { beginLogin, endedLogin, returnTarget } from "../browser-login.ts";
import { type CookieKeys, seal, unseal } from "../cookie-seal.ts";
import { authorized, challenge, redirect, unauthorized } from "../decision.ts";
import { decidingFilter, tell } from "../filter-kit.ts";
import { type LoggedIn, type OidcClient, authorizationUrl, finishLogin } from "../oidc-flow.ts";
import { replaceField } from "../replace-field.ts";
import type { AuthRuntime } from "../runtime.ts";
import { cookieLines, cookieValues, dropCookie } from "../session-cookies.ts";
import type { AuthSettings } from "../settings.ts";
import { tokenData, valueAt } from "../token-data.ts";
import { resolveSecret } from "./arguments.ts";
import { type OidcArguments, type OidcKind, oidcParameters, readOidcArguments } from "./oidc-arguments.ts";

/** What a session cookie holds. */
interface Session {
  readonly sub: string;
  readonly claims: Readonly<Record<string, unknown>>;
  readonly userInfo?: Readonly<Record<string, unknown>>;
  readonly oauth2token?: { readonly access_token: string };
  readonly oidctoken?: string;
  readonly untilMs: number;
}

function judge(context: FilterContext, runtime: AuthRuntime, oidc: OidcArguments): void | Promise<void> {
  const keys = runtime.cookieKeys?.content;
  if (keys === undefined) return Promise.reject(new AppError("AUTH_SECRET", "the file of --oidc-secrets-file can not be used"));
  runtime.authority({ kind: "issuer", url: oidc.issuer }).use();
  const { callback } = oidc.place;
  const isCallback = context.matchPath === callback.pathname && context.authority.toLowerCase() === callback.host;
  const state = isCallback ? queryValue(context.query, "state") : undefined;
  if (state !== undefined) return finish(context, runtime, oidc, keys, state);
  const session = sessionOf(context, oidc, keys, runtime.deps.clock.wallMs());
  if (session === undefined) return begin(context, runtime, oidc, keys);
  letIn(context, oidc, session);
}

function sessionOf({ requestHeaders }: FilterContext, { place }: OidcArguments, keys: CookieKeys, nowMs: number): Session | undefined {
  for (const text of cookieValues(requestHeaders, place.session.name)) {
    const data = unseal(keys, `session ${place.purpose}`, text);
    if (isRecord(data) && typeof data["untilMs"] === "number" && data["untilMs"] > nowMs) return data as unknown as Session;
  }
  return undefined;
}

function letIn(context: FilterContext, oidc: OidcArguments, session: Session): void {
  const held = oidc.kind === "UserInfo" ? (session.userInfo ?? {}) : session.claims;
  const has = (name: string): boolean => Object.hasOwn(held, name);
  const isIn = oidc.kind === "AnyClaims" && oidc.claims.length > 0 ? oidc.claims.some(has) : oidc.claims.every(has);
  if (!isIn) return unauthorized(context, "invalid-claim", challenge("Bearer", new URL(oidc.issuer).hostname), session.sub);
  dropCookie(context.requestHeaders, oidc.place.session.name);
  dropCookie(context.requestHeaders, oidc.place.login.name);
  for (const [field, path] of oidc.upstream) replaceField(context, field, valueAt({ ...session }, path));
  tokenData.keepClaims(context, held);
  authorized(context, session.sub);
}

async function begin(context: FilterContext, runtime: AuthRuntime, oidc: OidcArguments, keys: CookieKeys): Promise<void> {
  const { signal, requestHeaders } = context;
  const returnTo = returnTarget(context, oidc.place);
  if (returnTo === undefined) return unauthorized(context, "missing-token", challenge("Bearer", new URL(oidc.issuer).hostname));
  const { login, state, lines } = beginLogin(oidc.place, keys, requestHeaders, returnTo, runtime.deps.clock.wallMs());
  const parameters = { ...oidc.parameters };
  for (const name of oidc.queryParameters) {
    const value = queryValue(context.query, name) ?? "";
    if (value !== "") parameters[name] = value;
  }
  const url = await authorizationUrl(runtime, clientOf(runtime, oidc), login, state, parameters);
  if (!signal.aborted) redirect(context, url, "", lines);
}

async function finish(context: FilterContext, runtime: AuthRuntime, oidc: OidcArguments, keys: CookieKeys, state: string): Promise<void> {
  const { signal, requestHeaders, query } = context;
  const nowMs = runtime.deps.clock.wallMs();
  const plain = challenge("Bearer", new URL(oidc.issuer).hostname);
  const ended = endedLogin(oidc.place, keys, requestHeaders, state, nowMs);
  if (ended?.login === undefined) return unauthorized(context, "invalid-token", plain);
  let who: LoggedIn;
  try {
    who = await finishLogin(runtime, clientOf(runtime, oidc), ended.login, { query, state, withUserInfo: oidc.kind === "UserInfo" });
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
    oidc.place.session,
    seal(keys, `session ${oidc.place.purpose}`, session),
    Math.max(1, Math.floor((untilMs - nowMs) / 1000)),
  );
  if (lines === undefined) throw new AppError("AUTH_MALFORMED", `${oidc.issuer}: what it says of somebody is too long for cookies`);
  redirect(context, ended.returnTo, who.subject, lines);
}

function clientOf(runtime: AuthRuntime, { issuer, clientId, clientSecret, place }: OidcArguments): OidcClient {
  const { client: usual } = runtime.settings.oidc ?? { client: { id: "", secret: "" } };
  const id = resolveSecret(runtime, clientId === "" ? usual.id : clientId);
  const secret = resolveSecret(runtime, clientSecret === "" ? usual.secret : clientSecret);
  if (id === undefined || secret === undefined || id === "")
    throw new AppError("AUTH_SECRET", `${issuer}: there is no client id or secret`);
  return { issuer, id, secret, callbackUrl: place.callback.href };
}

const DOES: Readonly<Record<OidcKind, string>> = {
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
      parameters: oidcParameters,
      deviations: [
        "Sessions stand in cookies that are sealed with AES-256-GCM, `__Host-` or `__Secure-`, HttpOnly, SameSite=Lax, up to 3 of them; the back end does not get them. They end with the ID token, or after `--oidc-session`; nothing is refreshed, the browser is sent to the provider again.",
        "PKCE and nonce are always used; the ID token's signature is checked.",
        "The provider's metadata is asked for in the background; while it is not known 503.",
      ],
      create(args) {
        if (settings !== undefined && settings.oidc === undefined)
          throw new AppError("ROUTE_ARGUMENT", "the router was started without --oidc-secrets-file FILE, which has the keys of cookies");
        const oidc = readOidcArguments(args, kind);
        return decidingFilter(name, runtime, (context, live) => judge(context, live, oidc));
      },
    });
  });
}
