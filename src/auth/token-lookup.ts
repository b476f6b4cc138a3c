import { AppError, type Clock } from "../kernel/index.ts";
import { type AuthorityClient, type Question, readObject } from "./authority-client.ts";
import { Coalesced, SecretCache, digestOf } from "./secret-cache.ts";
import { type AuthSettings, authLimits } from "./settings.ts";
import type { TokenInfo } from "./token-rules.ts";

interface Kept {
  readonly info: TokenInfo;
  readonly atMs: number;
}

/** Asks authorities about tokens; who asks the same while it is asked waits for the same answer. Answers are kept if the router was told to. */
export class TokenLookup {
  readonly #settings: AuthSettings["tokenCache"];
  readonly #client: AuthorityClient;
  readonly #clock: Clock;
  readonly #cache: SecretCache<Kept>;
  readonly #asking = new Coalesced<TokenInfo>();

  constructor(settings: AuthSettings["tokenCache"], client: AuthorityClient, clock: Clock) {
    this.#settings = settings;
    this.#client = client;
    this.#clock = clock;
    this.#cache = new SecretCache(settings.size, authLimits.cacheBytes);
  }

  /** What is known without asking. `about` names the authority and who asks. */
  known(about: string, token: string): TokenInfo | undefined {
    if (this.#settings.size === 0) return undefined;
    const nowMs = this.#clock.wallMs();
    const kept = this.#cache.get(digestOf(about, token), nowMs);
    if (kept === undefined) return undefined;
    const { expires_in: left } = kept.info;
    if (typeof left !== "number") return kept.info;
    return { ...kept.info, expires_in: Math.max(0, left - Math.floor((nowMs - kept.atMs) / 1000)) };
  }

  /** Rejects with AppError AUTH_REFUSED when the authority does not know the token, with another AUTH_… or CALL_… when it cannot be asked. */
  ask(about: string, token: string, question: Question): Promise<TokenInfo> {
    const digest = digestOf(about, token);
    return this.#asking.run(digest, async () => {
      const { info, bytes } = await this.#client.ask(question, (answer) => ({ info: readObject(answer), bytes: answer.body.length }));
      if (typeof info["error"] === "string") throw new AppError("AUTH_REFUSED", "the authority answered 200 with an error");
      this.#keep(digest, info, bytes);
      return info;
    });
  }

  /** Asks a tokeninfo endpoint; rejects as `ask`. */
  askTokeninfo(url: string, token: string, timeoutMs: number): Promise<TokenInfo> {
    return this.ask(url, token, {
      name: "tokeninfo",
      method: "GET",
      url,
      headers: ["Accept", "application/json", "Authorization", `Bearer ${token}`],
      timeoutMs,
      limitBytes: authLimits.tokenAnswerBytes,
      isRepeatable: true,
    });
  }

  #keep(digest: string, info: TokenInfo, bytes: number): void {
    const { ttlMs } = this.#settings;
    const nowMs = this.#clock.wallMs();
    const { expires_in: left, exp, active } = info;
    if (active === false) return;
    const ends = [nowMs + ttlMs];
    if (typeof left === "number") ends.push(nowMs + left * 1000);
    if (typeof exp === "number") ends.push(exp * 1000);
    this.#cache.set(digest, { info, atMs: nowMs }, bytes, Math.min(...ends));
  }
}
