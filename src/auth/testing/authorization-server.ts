import type { TestContext } from "node:test";
import { type CryptoKey, type JWK, SignJWT, exportJWK, generateKeyPair } from "jose";
import { type LocalServer, type Respond, type Seen, startServer } from "./local-server.ts";

/** A key of a {@link AuthorizationServer}. */
export interface SigningKey {
  readonly kid: string;
  readonly alg: string;
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
  /** Its public half, as a key set has it. */
  readonly jwk: JWK;
}

export async function makeKey(kid: string, alg = "ES256"): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return { kid, alg, privateKey, publicKey, jwk: { ...(await exportJWK(publicKey)), kid, alg, use: "sig" } };
}

/** An issuer of tokens, as OpenID Connect Discovery has it. What it says is the test's to change. */
export interface AuthorizationServer {
  /** The issuer. */
  readonly url: string;
  readonly server: LocalServer;
  /** Keys of the set. */
  keys: readonly JWK[];
  /** More of its metadata, or other than it should be. */
  metadata: Readonly<Record<string, unknown>>;
  /** What is known of opaque tokens, for `/tokeninfo` and, with `active`, for `/introspect`. */
  readonly tokens: Map<string, Readonly<Record<string, unknown>>>;
  /** What `/token` answers to a code or refresh token, once; by it. */
  readonly codes: Map<string, (form: URLSearchParams) => object | undefined>;
  /** Answers in place of what is usual. */
  respond: Respond | undefined;
  /** A token of `claims`, which may also take away what is usual by `undefined`. */
  sign(
    key: SigningKey,
    claims?: Readonly<Record<string, unknown>>,
    header?: Readonly<{ kid?: string | undefined; typ?: string }>,
  ): Promise<string>;
  /** How often a path was asked for. */
  asked(path: string): number;
}

/** Starts one; `nowMs` is the time of its tokens, which live for an hour. `port`: where it was before. */
export async function startAuthorizationServer(
  t: TestContext,
  options: { readonly nowMs?: () => number; readonly port?: number } = {},
): Promise<AuthorizationServer> {
  const { nowMs = Date.now, port = 0 } = options;
  const server = await startServer(
    t,
    (seen, response) => {
      if (made.respond !== undefined) return made.respond(seen, response);
      const url = new URL(seen.path, made.url);
      const documents: Readonly<Record<string, unknown>> = {
        "/.well-known/openid-configuration": {
          issuer: made.url,
          jwks_uri: `${made.url}/keys`,
          introspection_endpoint: `${made.url}/introspect`,
          authorization_endpoint: `${made.url}/authorize`,
          token_endpoint: `${made.url}/token`,
          userinfo_endpoint: `${made.url}/userinfo`,
          ...made.metadata,
        },
        "/keys": { keys: made.keys },
        "/revoke": {},
      };
      const document = documents[url.pathname] ?? aboutToken(made.tokens, url.pathname, seen) ?? forCode(made.codes, url.pathname, seen);
      response.writeHead(document === undefined ? 401 : 200, { "content-type": "application/json" });
      response.end(JSON.stringify(document ?? { error: "invalid_token" }));
    },
    port,
  );
  const made: AuthorizationServer = {
    url: server.url,
    server,
    keys: [],
    metadata: {},
    tokens: new Map(),
    codes: new Map(),
    respond: undefined,
    sign(key, claims = {}, header = {}) {
      const now = Math.floor(nowMs() / 1000);
      const payload = { iss: server.url, sub: "ann", iat: now, exp: now + 3600, ...claims };
      const protectedHeader = { alg: key.alg, kid: key.kid, ...header };
      return new SignJWT(payload).setProtectedHeader(protectedHeader as { alg: string }).sign(key.privateKey);
    },
    asked: (path) => server.seen.filter((seen) => seen.path === path).length,
  };
  return made;
}

function aboutToken(tokens: AuthorizationServer["tokens"], path: string, { headers, body }: Seen): object | undefined {
  if (path === "/tokeninfo" || path === "/userinfo") return tokens.get((headers.authorization ?? "").replace(/^Bearer /, ""));
  if (path === "/introspect") return tokens.get(new URLSearchParams(body).get("token") ?? "") ?? { active: false };
  return undefined;
}

function forCode(codes: AuthorizationServer["codes"], path: string, { body }: Seen): object | undefined {
  if (path !== "/token") return undefined;
  const form = new URLSearchParams(body);
  const code = form.get("code") ?? form.get("refresh_token") ?? "";
  const answer = codes.get(code)?.(form);
  codes.delete(code);
  return answer;
}
