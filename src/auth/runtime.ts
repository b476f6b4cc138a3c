import type { Clock, Random } from "../kernel/index.ts";
import type { Cell, Log, MetricsRegistry } from "../telemetry/index.ts";
import { AuthorityClient } from "./authority-client.ts";
import { type AuthorityId, AuthorityStore, type StateStore } from "./authority-store.ts";
import { Authority } from "./authority.ts";
import { type CookieKeys, readCookieKeys } from "./cookie-seal.ts";
import { GrantServer } from "./grant-server.ts";
import { PasswordCheck } from "./passwords.ts";
import { type AuthSettings, authLimits } from "./settings.ts";
import { TokenLookup } from "./token-lookup.ts";
import { TokenVerifier } from "./token-verifier.ts";
import { readSecret, secretPath } from "./secret-path.ts";
import { WatchedFile } from "./watched-file.ts";

export interface AuthDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: MetricsRegistry;
  /** Where what authorities say outlives this process; undefined: nowhere. */
  readonly store: StateStore | undefined;
}

/** How a question about somebody ended. */
export interface DecisionCells {
  readonly allowed: Cell;
  readonly refused: Cell;
  /** Nobody could say. */
  readonly unavailable: Cell;
}

const QUIET_MS = 10_000;
const MOST_TOLD = 100;

/** What filters of all routes of a process share: whom they ask, what they know, what they count. Nothing of it starts before it is used. */
export class AuthRuntime {
  readonly settings: AuthSettings;
  readonly deps: AuthDeps;
  readonly client: AuthorityClient;
  readonly passwords: PasswordCheck;
  readonly tokens: TokenLookup;
  readonly verifier: TokenVerifier;
  /** What cookies are sealed with; undefined where nobody logs in. */
  readonly cookieKeys: WatchedFile<CookieKeys> | undefined;
  /** Whom `oauthGrant` asks for tokens; undefined where it asks nobody. */
  readonly grant: GrantServer | undefined;
  readonly #store: AuthorityStore;
  readonly #authorities = new Map<string, Authority>();
  readonly #files = new Map<string, WatchedFile<unknown>>();
  readonly #cells = new Map<string, DecisionCells>();
  readonly #told = new Map<string, number>();

  constructor(settings: AuthSettings, deps: AuthDeps) {
    this.settings = settings;
    this.deps = deps;
    this.client = new AuthorityClient(deps);
    this.passwords = new PasswordCheck(deps.clock);
    this.tokens = new TokenLookup(settings.tokenCache, this.client, deps.clock);
    this.verifier = new TokenVerifier(deps.clock);
    const { oidc, grant } = settings;
    this.cookieKeys = oidc === undefined ? undefined : this.file("cookie keys", oidc.secretsFile, readCookieKeys);
    this.grant =
      grant === undefined
        ? undefined
        : new GrantServer(grant, { clock: deps.clock, client: this.client, tokens: this.tokens, file: this.file.bind(this) });
    this.#store = new AuthorityStore(deps.store, deps.log);
  }

  /** The one with this id; nobody is asked yet. The one used longest ago makes room. */
  authority(id: AuthorityId): Authority {
    const key = `${id.kind} ${id.url}`;
    const known = this.#authorities.get(key);
    if (known !== undefined) {
      this.#authorities.delete(key);
      this.#authorities.set(key, known);
      return known;
    }
    const { clock, random, log } = this.deps;
    const made = new Authority(id, { clock, random, log, client: this.client, store: this.#store });
    this.#authorities.set(key, made);
    const [oldest] = this.#authorities.keys();
    if (this.#authorities.size > authLimits.authorities && oldest !== undefined) {
      this.#authorities.get(oldest)?.close();
      this.#authorities.delete(oldest);
    }
    return made;
  }

  cellsOf(filter: string): DecisionCells {
    const known = this.#cells.get(filter);
    if (known !== undefined) return known;
    const { metrics } = this.deps;
    const family = metrics.counter("holdfast_auth_decisions_total", "Requests that a filter let through or not.", ["filter", "outcome"]);
    const cells: DecisionCells = {
      allowed: family.with(filter, "allowed"),
      refused: family.with(filter, "refused"),
      unavailable: family.with(filter, "unavailable"),
    };
    this.#cells.set(filter, cells);
    return cells;
  }

  /** A file as `read` understands it, for all routes that name it for the same `use`. */
  file<Content>(use: string, path: string, read: (text: string) => Content): WatchedFile<Content> {
    return this.#file(use, path, () => path, read);
  }

  /** A secret that a route names, if it is where secrets may be. */
  secret(name: string): WatchedFile<string> {
    return this.#file("secret", name, () => secretPath(name, this.settings.credentialsPaths), readSecret);
  }

  #file<Content>(use: string, path: string, find: () => string, read: (text: string) => Content): WatchedFile<Content> {
    const key = `${use} ${path}`;
    const known = this.#files.get(key);
    if (known !== undefined) return known as WatchedFile<Content>;
    const file = new WatchedFile(path, find, read, this.deps);
    this.#files.set(key, file);
    // Routes that have one keep it; others that name it read it anew.
    const [oldest] = this.#files.keys();
    if (this.#files.size > authLimits.files && oldest !== undefined) this.#files.delete(oldest);
    return file;
  }

  /** Whether this was not asked for ten seconds. */
  isNews(text: string): boolean {
    const nowMs = this.deps.clock.monoMs();
    const wasMs = this.#told.get(text) ?? -Infinity;
    if (nowMs - wasMs < QUIET_MS) return false;
    // Of many different things each may be told again a little early.
    if (this.#told.size >= MOST_TOLD) this.#told.clear();
    this.#told.set(text, nowMs);
    return true;
  }

  async close(): Promise<void> {
    for (const authority of this.#authorities.values()) authority.close();
    await this.passwords.close();
    await this.client.close();
  }
}
