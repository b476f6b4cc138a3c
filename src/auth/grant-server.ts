import { AppError, type Clock, isRecord } from "../kernel/index.ts";
import type { Answer, AuthorityClient } from "./authority-client.ts";
import { type CookieKeys, readCookieKeys } from "./cookie-seal.ts";
import { clientCredentials } from "./credentials.ts";
import { Coalesced, SecretCache, digestOf } from "./secret-cache.ts";
import { readSecret } from "./secret-path.ts";
import { type GrantSettings, type TextOrFile, authLimits } from "./settings.ts";
import type { TokenLookup } from "./token-lookup.ts";
import type { TokenInfo } from "./token-rules.ts";
import type { WatchedFile } from "./watched-file.ts";

/** What a token endpoint gave (RFC 6749 section 5.1). */
export interface GrantTokens {
  readonly access: string;
  readonly refresh: string | undefined;
  /** When the access token ends. */
  readonly untilMs: number;
  /** When it should be refreshed. */
  readonly refreshAtMs: number;
}

/** What is taken back (RFC 7009 section 2.1). */
type Hint = "access_token" | "refresh_token";

/** What filters of other routes use too. */
export interface GrantServerDeps {
  readonly clock: Clock;
  readonly client: AuthorityClient;
  readonly tokens: TokenLookup;
  file<Content>(use: string, path: string, read: (text: string) => Content): WatchedFile<Content>;
}

/** The authorization server of `oauthGrant`. Its methods reject with AppError AUTH_REFUSED for what it refuses, with another AUTH_… or CALL_… when it cannot be asked. */
export class GrantServer {
  readonly settings: GrantSettings;
  readonly #deps: GrantServerDeps;
  readonly #keys: WatchedFile<CookieKeys>;
  readonly #refreshed = new SecretCache<GrantTokens | AppError>(authLimits.refreshes, authLimits.cacheBytes);
  readonly #refreshing = new Coalesced<GrantTokens>();

  constructor(settings: GrantSettings, deps: GrantServerDeps) {
    this.settings = settings;
    this.#deps = deps;
    this.#keys = deps.file("cookie keys", settings.secretsFile, readCookieKeys);
  }

  /** What cookies and states are sealed with. Throws AppError AUTH_SECRET. */
  get keys(): CookieKeys {
    const keys = this.#keys.content;
    if (keys === undefined) throw new AppError("AUTH_SECRET", "the file of --oauth2-secret-file can not be used");
    return keys;
  }

  /** Where a browser is sent. Throws AppError AUTH_SECRET. */
  authorizationUrl(callback: URL, state: string, codeChallenge: string): string {
    const url = new URL(this.settings.authorizationUrl);
    const own = { response_type: "code", client_id: this.#client("id"), redirect_uri: callback.href, state };
    const pkce = { code_challenge: codeChallenge, code_challenge_method: "S256" };
    for (const [name, value] of Object.entries({ ...this.settings.parameters, ...own, ...pkce })) url.searchParams.set(name, value);
    return url.href;
  }

  exchange(code: string, callback: URL, verifier: string): Promise<GrantTokens> {
    const form = { grant_type: "authorization_code", code, redirect_uri: callback.href, code_verifier: verifier };
    return this.#tokens({ ...this.settings.parameters, ...form });
  }

  /**
   * The tokens that come after this one. A server may take a refresh token once only, while a browser sends several requests with it: they
   * wait for one answer, and those that come late get the same.
   */
  async refresh(token: string): Promise<GrantTokens> {
    const { clock } = this.#deps;
    const digest = digestOf(token);
    const known = this.#refreshed.get(digest, clock.wallMs());
    if (known instanceof AppError) throw known;
    if (known !== undefined) return known;
    return this.#refreshing.run(digest, async () => {
      const keep = (result: GrantTokens | AppError, bytes: number, forMs: number): void =>
        this.#refreshed.set(digest, result, bytes, clock.wallMs() + forMs);
      try {
        const tokens = await this.#tokens({ grant_type: "refresh_token", refresh_token: token });
        const next = { ...tokens, refresh: tokens.refresh ?? token };
        keep(next, next.access.length + next.refresh.length, authLimits.refreshedMs);
        return next;
      } catch (thrown) {
        if (thrown instanceof AppError) keep(thrown, thrown.message.length, authLimits.refreshPauseMs);
        throw thrown;
      }
    });
  }

  /** What tokeninfo said of an access token, as far as the router keeps that. */
  knownTokeninfo(access: string): TokenInfo | undefined {
    return this.#deps.tokens.known(this.settings.tokeninfo.url, access);
  }

  tokeninfo(access: string): Promise<TokenInfo> {
    const { url, timeoutMs } = this.settings.tokeninfo;
    return this.#deps.tokens.askTokeninfo(url, access, timeoutMs);
  }

  /** RFC 7009; nothing where the router was told of no endpoint. */
  async revoke(token: string, hint: Hint): Promise<void> {
    const { revocationUrl, parameters } = this.settings;
    if (revocationUrl === undefined) return;
    const url = new URL(revocationUrl);
    for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
    await this.#post("revocation", url.href, { token, token_type_hint: hint }, true, (answer) => {
      // A server need not be able to take back access tokens (section 2).
      if (answer.status === 200 || (hint === "access_token" && errorOf(answer) === "unsupported_token_type")) return;
      throw refused(answer);
    });
  }

  #tokens(form: Readonly<Record<string, string>>): Promise<GrantTokens> {
    const { clock } = this.#deps;
    // A code is good once, and so may a refresh token be.
    return this.#post("token", this.settings.tokenUrl, form, false, (answer) => readTokens(answer, clock.wallMs()));
  }

  #post<Result>(
    name: string,
    url: string,
    form: Readonly<Record<string, string>>,
    isRepeatable: boolean,
    read: (answer: Answer) => Result,
  ): Promise<Result> {
    const authorization = clientCredentials(this.#client("id"), this.#client("secret"));
    const headers = ["Accept", "application/json", "Content-Type", "application/x-www-form-urlencoded", "Authorization", authorization];
    const { timeoutMs } = this.settings.tokeninfo;
    const body = new URLSearchParams(form).toString();
    const limitBytes = authLimits.tokenAnswerBytes;
    return this.#deps.client.ask({ name, method: "POST", url, headers, body, timeoutMs, limitBytes, isRepeatable }, read);
  }

  #client(what: "id" | "secret"): string {
    const from: TextOrFile = this.settings.client[what];
    const text = "text" in from ? from.text : this.#deps.file("secret", from.file, readSecret).content;
    if (text === undefined || text === "") throw new AppError("AUTH_SECRET", `there is no client ${what} for oauthGrant`);
    return text;
  }
}

/** Throws AppError AUTH_REFUSED for tokens that are not given, AUTH_MALFORMED for such as cannot be used. */
function readTokens(answer: Answer, nowMs: number): GrantTokens {
  if (answer.status !== 200) throw refused(answer);
  const { access_token: access, refresh_token: refresh, token_type: type, expires_in: seconds } = objectIn(answer) ?? {};
  if (typeof access !== "string" || !VISIBLE.test(access)) throw malformed("no access_token that can stand in a field");
  if (type !== undefined && (typeof type !== "string" || type.toLowerCase() !== "bearer"))
    throw malformed("a token_type other than Bearer");
  const livesMs = seconds === undefined || seconds === null ? authLimits.accessTokenMs : Number(seconds) * 1000;
  if (!(livesMs >= 0)) throw malformed("an expires_in that is no number of seconds");
  const untilMs = nowMs + Math.min(livesMs, authLimits.refreshTokenMs);
  return {
    access,
    refresh: typeof refresh === "string" && refresh !== "" ? refresh : undefined,
    untilMs,
    refreshAtMs: untilMs - Math.min(livesMs / 10, authLimits.refreshAheadMs),
  };
}

const VISIBLE = /^[\x21-\x7e]+$/;

function malformed(what: string): AppError {
  return new AppError("AUTH_MALFORMED", `the token endpoint answered 200 with ${what}`);
}

/** With the `error` of RFC 6749 section 5.2, which tells a client that is not known from a code that is not good. */
function refused(answer: Answer): AppError {
  const error = errorOf(answer);
  return new AppError("AUTH_REFUSED", `the authority answered ${answer.status}${error === undefined ? "" : ` ${error}`}`);
}

function errorOf(answer: Answer): string | undefined {
  const error = objectIn(answer)?.["error"];
  return typeof error === "string" && /^[a-z_]{1,40}$/.test(error) ? error : undefined;
}

function objectIn({ body }: Answer): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
