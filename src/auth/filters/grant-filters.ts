import { createHash } from "node:crypto";
import { AppError } from "../../kernel/index.ts";
import { type Filter, type FilterContext, type FilterSpec, annotationOf, defineFilter, queryValue } from "../../route/index.ts";
import { type LoginPlace, beginLogin, endedLogin, returnTarget } from "../browser-login.ts";
import { authorized, badLogin, challenge, redirect, redirectPage, unavailable, unauthorized } from "../decision.ts";
import { decidingFilter, tell } from "../filter-kit.ts";
import type { GrantServer, GrantTokens } from "../grant-server.ts";
import { type GrantSession, endedSessionLines, grantPlace, sessionLines, takeSession } from "../grant-session.ts";
import { replaceField } from "../replace-field.ts";
import type { AuthRuntime } from "../runtime.ts";
import type { AuthSettings } from "../settings.ts";
import { tokenData } from "../token-data.ts";
import type { TokenInfo } from "../token-rules.ts";

const FAMILY = "Who somebody is";
/** Key in `context.state` of the `Set-Cookie` lines that the response is to get, flat. */
const LINES = "oauthGrant";
/** What `annotate` says under it, which is Skipper's name, is the page shown in place of the redirect to log in. */
const LOGIN_PAGE = "oauthGrant.loginRedirectStub";

/** What each of these filters needs of a request. */
interface Visit {
  readonly context: FilterContext;
  readonly runtime: AuthRuntime;
  readonly server: GrantServer;
  readonly place: LoginPlace;
  readonly nowMs: number;
}

/** Sends the browser to log in; 401 where it could not come back. */
function begin({ context, server, place, nowMs }: Visit, returnTo: string | undefined): void {
  if (returnTo === undefined) return unauthorized(context, "missing-token", challenge("Bearer", context.host));
  const { login, state, lines } = beginLogin(place, server.keys, context.requestHeaders, returnTo, nowMs);
  const codeChallenge = createHash("sha256").update(login.verifier).digest("base64url");
  const url = server.authorizationUrl(place.callback, state, codeChallenge);
  const page = annotationOf(context, LOGIN_PAGE);
  if (page === undefined) return redirect(context, url, "", lines, 307);
  redirectPage(context, url, Buffer.from(page.replaceAll(/\{\{authCodeURL\}\}|\{authCodeURL\}/g, () => url)), lines);
}

function judge(visit: Visit): void | Promise<void> {
  const { context, server, place, nowMs } = visit;
  const session = takeSession(context, place, server.keys);
  if (session === undefined) return begin(visit, returnTarget(context, place));
  const { tokens } = session;
  if (nowMs >= (tokens.refresh === undefined ? tokens.untilMs : tokens.refreshAtMs)) return refreshAndLetIn(visit, session);
  const info = server.knownTokeninfo(tokens.access);
  return info === undefined ? askAndLetIn(visit, session, false) : letIn(visit, tokens, info);
}

async function refreshAndLetIn(visit: Visit, session: GrantSession): Promise<void> {
  const { context, runtime, server, place, nowMs } = visit;
  const { signal } = context;
  const { refresh, untilMs } = session.tokens;
  const isOver = nowMs >= untilMs;
  let tokens: GrantTokens | undefined;
  try {
    tokens = refresh === undefined ? undefined : await server.refresh(refresh);
  } catch (thrown) {
    tell(runtime, "oauthGrant", thrown);
    // One that is still good needs nobody's help; where nobody can be asked nobody could log in either.
    if (isOver && !isRefusal(thrown)) throw thrown;
  }
  if (signal.aborted) return;
  if (tokens !== undefined) return askAndLetIn(visit, { tokens, info: session.info }, true);
  return isOver ? begin(visit, returnTarget(context, place)) : askAndLetIn(visit, session, false);
}

async function askAndLetIn(visit: Visit, session: GrantSession, isRefreshed: boolean): Promise<void> {
  const { context, runtime, server, place, nowMs } = visit;
  const { signal, state } = context;
  const { tokens } = session;
  const keep = (info: TokenInfo | undefined): void => {
    if (isRefreshed) state.set(LINES, sessionLines(place, server.keys, { tokens, info }, nowMs));
  };
  let info: TokenInfo;
  try {
    info = await server.tokeninfo(tokens.access);
  } catch (thrown) {
    if (signal.aborted) return;
    if (isRefusal(thrown)) return begin(visit, returnTarget(context, place));
    tell(runtime, "oauthGrant", thrown);
    // Whatever becomes of the request: the refresh token in the browser's cookie may be good no more.
    keep(session.info);
    if (session.info === undefined) throw thrown;
    return letIn(visit, tokens, session.info);
  }
  if (signal.aborted) return;
  keep(info);
  letIn(visit, tokens, info);
}

function letIn({ context, server }: Visit, { access }: GrantTokens, said: TokenInfo): void {
  const { subjectKey, tokeninfoKeys, accessTokenField } = server.settings;
  const subject = subjectKey === "" ? "" : said[subjectKey];
  if (typeof subject !== "string") return unauthorized(context, "invalid-sub-in-token", challenge("Bearer", context.host));
  const info = pick({ ...said, sub: subject }, tokeninfoKeys);
  if (accessTokenField !== undefined) replaceField(context, accessTokenField, `Bearer ${access}`);
  tokenData.keepClaims(context, info);
  tokenData.keepTokeninfo(context, info);
  authorized(context, subject);
}

function pick(info: TokenInfo, keys: readonly string[]): TokenInfo {
  return keys.length === 0 ? info : Object.fromEntries(Object.entries(info).filter(([key]) => keys.includes(key)));
}

function isRefusal(thrown: unknown): boolean {
  return thrown instanceof AppError && thrown.code === "AUTH_REFUSED";
}

async function finish(visit: Visit): Promise<void> {
  const { context, runtime, server, place, nowMs } = visit;
  const { signal, query, requestHeaders } = context;
  const [code = "", state = ""] = [queryValue(query, "code"), queryValue(query, "state")];
  const ended = code === "" ? undefined : endedLogin(place, server.keys, requestHeaders, state, nowMs);
  if (ended === undefined) return badLogin(context);
  if (ended.login === undefined) return begin(visit, ended.returnTo);
  let tokens: GrantTokens;
  try {
    tokens = await server.exchange(code, place.callback, ended.login.verifier);
  } catch (thrown) {
    if (!isRefusal(thrown)) throw thrown;
    tell(runtime, "grantCallback", thrown);
    return signal.aborted ? undefined : unauthorized(context, "invalid-token", challenge("Bearer", context.host));
  }
  const lines = sessionLines(place, server.keys, { tokens, info: await infoOf(visit, tokens) }, nowMs);
  if (lines === undefined) throw new AppError("AUTH_MALFORMED", "the tokens are too long for cookies");
  if (!signal.aborted) redirect(context, ended.returnTo, "", lines, 307);
}

/** For a cookie, that can do without. */
async function infoOf({ runtime, server }: Visit, { access }: GrantTokens): Promise<TokenInfo | undefined> {
  try {
    return await server.tokeninfo(access);
  } catch (thrown) {
    tell(runtime, "grantCallback", thrown);
    return undefined;
  }
}

async function logOut({ context, runtime, server, place }: Visit): Promise<void> {
  const { signal } = context;
  const session = takeSession(context, place, server.keys);
  context.state.set(LINES, endedSessionLines(place));
  if (server.settings.revocationUrl === undefined) return;
  if (session === undefined) return unauthorized(context, "missing-token", challenge("Bearer", context.host));
  const { access, refresh } = session.tokens;
  const revoked = await Promise.allSettled([
    server.revoke(access, "access_token"),
    ...(refresh === undefined ? [] : [server.revoke(refresh, "refresh_token")]),
  ]);
  const failed = revoked.filter((result) => result.status === "rejected");
  for (const { reason } of failed) tell(runtime, "grantLogout", reason);
  // The browser forgets them all the same; somebody else who has them must not be believed to be out.
  if (failed.length > 0 && !signal.aborted) unavailable(context);
}

/** A filter that `visit`s for each request; the response gets the cookies that it left. */
function grantFilter(name: string, runtime: AuthRuntime | undefined, visit: (visit: Visit) => void | Promise<void>): Filter {
  return {
    ...decidingFilter(name, runtime, (context, live) => {
      const server = live.grant;
      if (server === undefined) return Promise.reject(new AppError("AUTH_NO_ROUTER", "whom to ask is not known"));
      const place = grantPlace(context, server.settings);
      if (place === undefined) return badLogin(context);
      return visit({ context, runtime: live, server, place, nowMs: live.deps.clock.wallMs() });
    }),
    response(context) {
      const lines = (context.state.get(LINES) as readonly string[] | undefined) ?? [];
      context.state.delete(LINES);
      for (let at = 0; at < lines.length; at += 2) context.addField("response", lines[at] as string, lines[at + 1] as string);
    },
  };
}

const FILTERS: readonly {
  readonly name: string;
  readonly does: string;
  readonly deviations: readonly string[];
  readonly visit: (visit: Visit) => void | Promise<void>;
}[] = [
  {
    name: "oauthGrant",
    does: "lets through browsers that logged in at the authorization server of `--oauth2-auth-url`, and whose access token `--oauth2-tokeninfo-url` says is good; sends others there (307). Tokens stand in a cookie and are refreshed; the back end does not get it. A text of `annotate` under `oauthGrant.loginRedirectStub` is answered (200) in place of the redirect, `{authCodeURL}` in it being where to.",
    deviations: [
      "Cookies are sealed with AES-256-GCM, `__Host-` or `__Secure-`, HttpOnly, SameSite=Lax, up to 3 of them. A login is bound to its browser by a cookie, and to its code by PKCE.",
      "401 for other methods than GET and HEAD, which would lose their body on the way, and where tokeninfo names nobody.",
      "A token is refreshed shortly before its end; when that fails, it is good to its end. Once it is over and nobody can be asked, 503.",
      "While tokeninfo can not be asked, what it said at the login or refresh counts, to the end of the access token.",
    ],
    visit: judge,
  },
  {
    name: "grantCallback",
    does: "ends a login that `oauthGrant` began: takes the code that the browser brings, keeps the tokens in its cookie and sends it back to where it was (307). A route with it, for the path of `--oauth2-callback-path` at all hosts, is there by itself.",
    deviations: [
      "400 for a login that this browser did not begin, 401 for a code that the server refuses, 503 when it can not be asked; a login that took too long begins again.",
      "A callback that is the same for all hosts (`redirect_uri` in `--oauth2-auth-url-parameters`) serves those below the domain of its cookies.",
    ],
    visit: finish,
  },
  {
    name: "grantLogout",
    does: "makes the browser forget its tokens and has them revoked at `--oauth2-revoke-token-url`, if there is one; 401 without tokens.",
    deviations: ["The cookie is deleted also when the tokens could not be revoked, which is answered with 503."],
    visit: logOut,
  },
];

/** Filters of the authorization code flow (RFC 6749 section 4.1). `settings` undefined: what the router will be told is not known. */
export function grantFilters(settings: AuthSettings | undefined, runtime: AuthRuntime | undefined): readonly FilterSpec[] {
  return FILTERS.map(({ name, does, deviations, visit }) =>
    defineFilter({
      name,
      family: FAMILY,
      does,
      parameters: [],
      deviations,
      create() {
        if (settings !== undefined && settings.grant === undefined)
          throw new AppError(
            "ROUTE_ARGUMENT",
            "the router was started without --enable-oauth2-grant-flow and the options that say where to log in",
          );
        return grantFilter(name, runtime, visit);
      },
    }),
  );
}
