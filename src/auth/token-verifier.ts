import type { CryptoKey, JWTVerifyOptions } from "jose";
import { AppError, type Clock, messageOf } from "../kernel/index.ts";
import type { Authority } from "./authority.ts";
import { ALGORITHMS, type PublicKey, identityOf, keysFor } from "./key-set.ts";
import { authLimits } from "./settings.ts";
import { SecretCache, digestOf } from "./secret-cache.ts";

export type Claims = Readonly<Record<string, unknown>>;

interface Verified {
  readonly claims: Claims;
  readonly keysVersion: number;
}

/** Several keys without a name may fit: so many are tried. */
const MOST_TRIES = 4;
const MOST_IMPORTED = 1_000;

/** Checks JSON Web Tokens against the keys of an authority. What was good is not checked again for a minute, unless the keys change. */
export class TokenVerifier {
  readonly #clock: Clock;
  readonly #verified = new SecretCache<Verified>(authLimits.verifiedTokens, authLimits.cacheBytes);
  readonly #imported = new Map<string, CryptoKey>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The claims, if it was checked a moment ago. `audiences`: it must be for one of these; empty: for anybody. */
  known(token: string, authority: Authority, audiences: readonly string[]): Claims | undefined {
    const known = this.#verified.get(this.#digest(token, authority, audiences), this.#clock.wallMs());
    return known === undefined || known.keysVersion !== authority.keysVersion || authority.known === undefined ? undefined : known.claims;
  }

  /** Rejects with AppError AUTH_TOKEN for a token that is not good, AUTH_UNKNOWN when no key is known to check it with. */
  async verify(token: string, authority: Authority, audiences: readonly string[]): Promise<Claims> {
    const jose = await import("jose");
    const { alg, kid } = headerOf(token, jose.decodeProtectedHeader);
    const { metadata } = await authority.ready();
    let keys = keysFor(authority.keys, alg, kid);
    if (keys.length === 0) {
      await authority.lookForKey();
      keys = keysFor(authority.keys, alg, kid);
    }
    if (authority.keys.length === 0) throw new AppError("AUTH_UNKNOWN", `${authority.id.url}: no keys are known`);
    if (keys.length === 0) throw new AppError("AUTH_TOKEN", "it is signed with a key that the authority does not have");
    const { keysVersion } = authority;
    const options: JWTVerifyOptions = {
      algorithms: [alg],
      clockTolerance: authLimits.clockSkewMs / 1000,
      currentDate: new Date(this.#clock.wallMs()),
      requiredClaims: ["exp"],
      // Who is known by a set of keys alone may be anybody.
      ...(metadata === undefined ? {} : { issuer: metadata.issuer }),
      ...(audiences.length === 0 ? {} : { audience: [...audiences] }),
    };
    for (const key of keys.slice(0, MOST_TRIES)) {
      try {
        const { payload } = await jose.jwtVerify(token, await this.#import(key, alg, jose.importJWK), options);
        this.#keep(token, authority, audiences, { claims: payload, keysVersion });
        return payload;
      } catch (thrown) {
        if (thrown instanceof jose.errors.JWSSignatureVerificationFailed) continue;
        throw thrown instanceof AppError ? thrown : new AppError("AUTH_TOKEN", messageOf(thrown), { cause: thrown });
      }
    }
    throw new AppError("AUTH_TOKEN", "its signature is not good");
  }

  #keep(token: string, authority: Authority, audiences: readonly string[], verified: Verified): void {
    const { exp } = verified.claims;
    if (typeof exp !== "number") return;
    const untilMs = Math.min(exp * 1000, this.#clock.wallMs() + authLimits.verifiedMs);
    this.#verified.set(this.#digest(token, authority, audiences), verified, token.length, untilMs);
  }

  #digest(token: string, { id }: Authority, audiences: readonly string[]): string {
    return digestOf(id.kind, id.url, ...audiences, token);
  }

  async #import(key: PublicKey, alg: string, importJWK: (typeof import("jose"))["importJWK"]): Promise<CryptoKey> {
    const name = `${alg} ${identityOf(key)}`;
    const known = this.#imported.get(name);
    if (known !== undefined) return known;
    const imported = await importJWK({ ...key }, alg);
    if (imported instanceof Uint8Array) throw new AppError("AUTH_TOKEN", "its key is a secret and no public key");
    if (this.#imported.size >= MOST_IMPORTED) this.#imported.clear();
    this.#imported.set(name, imported);
    return imported;
  }
}

function headerOf(
  token: string,
  decode: (token: string) => { readonly alg?: string; readonly kid?: unknown },
): { readonly alg: string; readonly kid: string | undefined } {
  let header: { readonly alg?: unknown; readonly kid?: unknown };
  try {
    header = decode(token);
  } catch (thrown) {
    throw new AppError("AUTH_TOKEN", "it is no signed JSON Web Token", { cause: thrown });
  }
  const { alg, kid } = header;
  if (typeof alg !== "string" || !ALGORITHMS.includes(alg)) throw new AppError("AUTH_TOKEN", "it is signed in a way that is not believed");
  if (kid !== undefined && typeof kid !== "string") throw new AppError("AUTH_TOKEN", "the name of its key is no text");
  return { alg, kid };
}
