import { createHash } from "node:crypto";
import type { Configuration, CustomFetch } from "openid-client";
import { AppError, messageOf } from "../kernel/index.ts";
import type { Login } from "./browser-login.ts";
import { ALGORITHMS } from "./key-set.ts";
import type { IssuerMetadata } from "./metadata.ts";
import type { AuthRuntime } from "./runtime.ts";
import { authLimits } from "./settings.ts";
import type { Claims } from "./token-verifier.ts";

/** Who this router is to a provider. */
export interface OidcClient {
  readonly issuer: string;
  readonly id: string;
  readonly secret: string;
  readonly callbackUrl: string;
}

/** What a provider said of who logged in. */
export interface LoggedIn {
  readonly subject: string;
  readonly claims: Claims;
  readonly userInfo: Claims | undefined;
  readonly accessToken: string;
  readonly idToken: string;
}

/** Where to send a browser to log in. Rejects with AppError AUTH_… when the provider is not known. */
export async function authorizationUrl(
  runtime: AuthRuntime,
  client: OidcClient,
  { nonce, verifier }: Login,
  state: string,
  parameters: Readonly<Record<string, string>>,
): Promise<string> {
  const openid = await import("openid-client");
  const config = await configure(runtime, client);
  if (config.serverMetadata().authorization_endpoint === undefined) throw lacking(client, "authorization_endpoint");
  const url = openid.buildAuthorizationUrl(config, {
    ...parameters,
    response_type: "code",
    redirect_uri: client.callbackUrl,
    state,
    nonce,
    code_challenge: createHash("sha256").update(verifier).digest("base64url"),
    code_challenge_method: "S256",
  });
  return url.href;
}

/**
 * Takes the code that a browser brought back. Rejects with AppError AUTH_TOKEN for a code that is not good or an ID token that is not the
 * provider's, with another AUTH_… or CALL_… when it cannot be asked.
 */
export async function finishLogin(
  runtime: AuthRuntime,
  client: OidcClient,
  login: Login,
  answer: { readonly query: string; readonly state: string; readonly withUserInfo: boolean },
): Promise<LoggedIn> {
  const openid = await import("openid-client");
  const config = await configure(runtime, client);
  if (config.serverMetadata().token_endpoint === undefined) throw lacking(client, "token_endpoint");
  const came = new URL(client.callbackUrl);
  came.search = answer.query;
  const checks = { pkceCodeVerifier: login.verifier, expectedNonce: login.nonce, expectedState: answer.state, idTokenExpected: true };
  const tokens = await asked(() => openid.authorizationCodeGrant(config, came, checks));
  const idToken = tokens.id_token ?? "";
  // The library believes what comes over TLS; it is checked against the keys all the same.
  const claims = await runtime.verifier.verify(idToken, runtime.authority({ kind: "issuer", url: client.issuer }), [client.id]);
  if (typeof claims["sub"] !== "string" || claims["nonce"] !== login.nonce)
    throw new AppError("AUTH_TOKEN", "the ID token is not of this login");
  const subject = claims["sub"];
  const userInfo = answer.withUserInfo
    ? ((await asked(() => openid.fetchUserInfo(config, tokens.access_token, subject))) as Claims)
    : undefined;
  return { subject, claims, userInfo, accessToken: tokens.access_token, idToken };
}

async function asked<Result>(ask: () => Promise<Result>): Promise<Result> {
  try {
    return await ask();
  } catch (thrown) {
    const cause = thrown instanceof Error ? thrown.cause : undefined;
    if (thrown instanceof AppError) throw thrown;
    if (cause instanceof AppError) throw cause;
    throw new AppError("AUTH_TOKEN", `the login did not come to its end: ${messageOf(thrown)}`, { cause: thrown });
  }
}

async function configure(runtime: AuthRuntime, client: OidcClient): Promise<Configuration> {
  const openid = await import("openid-client");
  const { metadata } = await runtime.authority({ kind: "issuer", url: client.issuer }).ready();
  if (metadata === undefined) throw lacking(client, "metadata");
  const { token_endpoint_auth_methods_supported: _, ...server } = metadata;
  const config = new openid.Configuration(
    // Who signs in which way is the verifier's to judge.
    { ...server, id_token_signing_alg_values_supported: [...ALGORITHMS] },
    client.id,
    undefined,
    authentication(openid, metadata, client),
  );
  config[openid.customFetch] = fetchThrough(runtime);
  // The route named an issuer without TLS: its author's laptop.
  if (client.issuer.startsWith("http:")) openid.allowInsecureRequests(config);
  return config;
}

/** RFC 6749 section 2.3.1 wants Basic; some take only the other. */
function authentication(
  openid: typeof import("openid-client"),
  { token_endpoint_auth_methods_supported: methods }: IssuerMetadata,
  { secret }: OidcClient,
) {
  const isPost = methods?.includes("client_secret_post") === true && !methods.includes("client_secret_basic");
  return isPost ? openid.ClientSecretPost(secret) : openid.ClientSecretBasic(secret);
}

/** Requests of the library with the guards of ours. */
function fetchThrough(runtime: AuthRuntime): CustomFetch {
  return async (url, { method, headers, body }) => {
    if (body !== undefined && body !== null && !(body instanceof URLSearchParams)) throw new TypeError("only forms are sent");
    const answer = await runtime.client.ask(
      {
        name: "login",
        method: method === "POST" ? "POST" : "GET",
        url,
        headers: Object.entries(headers).flat(),
        ...(body instanceof URLSearchParams ? { body: body.toString() } : {}),
        timeoutMs: TIMEOUT_MS,
        limitBytes: authLimits.answerBytes,
        // A code is good once.
        isRepeatable: method !== "POST",
      },
      (given) => given,
    );
    const type = answer.headers["content-type"];
    return new Response(answer.body, { status: answer.status, headers: typeof type === "string" ? { "content-type": type } : {} });
  };
}

const TIMEOUT_MS = 10_000;

function lacking({ issuer }: OidcClient, what: string): AppError {
  return new AppError("AUTH_MALFORMED", `${issuer}: its metadata names no ${what}`);
}
