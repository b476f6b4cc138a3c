import { backoffDelayMs } from "../call/index.ts";
import { AppError, type Clock, type Random, type Timer, messageOf } from "../kernel/index.ts";
import { withoutQuery } from "../route/index.ts";
import type { Log } from "../telemetry/index.ts";
import { type AuthorityClient, readObject } from "./authority-client.ts";
import type { AuthorityId, AuthorityState, AuthorityStore } from "./authority-store.ts";
import { type HeldKey, type PublicKey, identityOf, mergeKeys, readKeySet } from "./key-set.ts";
import { type IssuerMetadata, discoveryUrl, readMetadata } from "./metadata.ts";
import { authLimits } from "./settings.ts";

export interface AuthorityDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly client: AuthorityClient;
  readonly store: AuthorityStore;
}

const BACKOFF = { baseMs: 1_000, capMs: 60_000 };
const ASK_MS = 5_000;

/**
 * What is known of one authority, asked for in the background while somebody needs it. What it says is not believed beyond reason: a key
 * set without keys counts as no answer, a key that is gone counts on for a while. What it said last is used while it is down, and
 * also by the next process; not for ever.
 */
export class Authority {
  readonly id: AuthorityId;
  readonly #deps: AuthorityDeps;
  #state: AuthorityState | undefined;
  #usedMs: number;
  #timer: Timer | undefined;
  #failures = 0;
  #refreshing: Promise<void> | undefined;
  #startedMs = -Infinity;
  #told = "";
  /** Changes with the keys: what was found out with others does not count any more. */
  keysVersion = 0;

  /** Reads what was kept; asks nobody yet. */
  constructor(id: AuthorityId, deps: AuthorityDeps) {
    this.id = id;
    this.#deps = deps;
    this.#usedMs = deps.clock.monoMs();
    this.#state = deps.store.read(id);
  }

  /** Keeps what is known up to date from now on, as long as it is asked for. */
  use(): void {
    const { clock } = this.#deps;
    this.#usedMs = clock.monoMs();
    if (this.#timer !== undefined || this.#refreshing !== undefined) return;
    const ageMs = clock.wallMs() - (this.#state?.confirmedMs ?? 0);
    if (ageMs >= authLimits.refreshMs || this.#state === undefined) void this.#refresh();
    else this.#lookIn(authLimits.refreshMs - ageMs);
  }

  /** What is known; undefined when it never answered, or too long ago. */
  get known(): AuthorityState | undefined {
    const state = this.#state;
    return state === undefined || this.#deps.clock.wallMs() - state.confirmedMs > authLimits.trustedMs ? undefined : state;
  }

  get metadata(): IssuerMetadata | undefined {
    return this.known?.metadata;
  }

  get keys(): readonly HeldKey[] {
    return this.known?.keys ?? [];
  }

  /** Waits for the first answer, not for long. Rejects with AppError AUTH_UNKNOWN when there is none. */
  async ready(): Promise<AuthorityState> {
    this.use();
    if (this.known === undefined) await this.#wait();
    const { known } = this;
    if (known === undefined)
      throw new AppError(
        "AUTH_UNKNOWN",
        `${withoutQuery(this.id.url)}: nothing is known of it yet${this.#told === "" ? "" : ` (${this.#told})`}`,
      );
    return known;
  }

  /** A token names a key that is not here: the keys are looked at again, if that was not done just now. */
  async lookForKey(): Promise<void> {
    if (this.#refreshing === undefined && this.#deps.clock.monoMs() - this.#startedMs < authLimits.unknownKeyMs) return;
    void this.#refresh();
    await this.#wait();
  }

  close(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  async #wait(): Promise<void> {
    const { clock } = this.#deps;
    if (this.#refreshing === undefined) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = clock.timer(authLimits.firstAnswerMs, resolve);
    await Promise.race([this.#refreshing, promise]);
    timer.cancel();
  }

  #lookIn(delayMs: number): void {
    const { clock } = this.#deps;
    this.#timer?.cancel();
    this.#timer = clock.timer(delayMs, () => {
      this.#timer = undefined;
      if (clock.monoMs() - this.#usedMs < authLimits.unusedMs) void this.#refresh();
    });
  }

  #refresh(): Promise<void> {
    this.#refreshing ??= this.#ask().finally(() => (this.#refreshing = undefined));
    return this.#refreshing;
  }

  async #ask(): Promise<void> {
    const { clock, random, log, store } = this.#deps;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#startedMs = clock.monoMs();
    try {
      const metadata = this.id.kind === "issuer" ? await this.#askMetadata() : undefined;
      const url = this.id.kind === "keys" ? this.id.url : metadata?.jwks_uri;
      if (url === undefined && this.keys.length > 0) throw new AppError("AUTH_MALFORMED", "its metadata names no keys any more");
      // Where to ask about tokens (RFC 7662) is known although the keys are not; who only answers such questions need not have any.
      if (metadata !== undefined) this.#state = { keys: [], confirmedMs: clock.wallMs(), ...this.#state, metadata };
      const answer = url === undefined ? [] : await this.#askKeys(url);
      this.#take(metadata, answer);
      if (this.#failures > 0) log.info({ authority: withoutQuery(this.id.url) }, "an authority answers again");
      this.#failures = 0;
      this.#told = "";
      this.#lookIn(authLimits.refreshMs * (0.9 + 0.2 * random.next()));
      if (this.#state !== undefined) await store.write(this.id, this.#state);
    } catch (thrown) {
      const reason = messageOf(thrown);
      if (reason !== this.#told)
        log.warn(
          { authority: withoutQuery(this.id.url), reason, hasKeys: this.keys.length > 0 },
          "an authority can not be asked, what it said before is used",
        );
      this.#told = reason;
      this.#lookIn(BACKOFF.baseMs + backoffDelayMs(BACKOFF, this.#failures++, random));
    }
  }

  #take(metadata: IssuerMetadata | undefined, answer: readonly PublicKey[]): void {
    const { clock, log } = this.#deps;
    const nowMs = clock.wallMs();
    const before = this.#state?.keys ?? [];
    const keys = mergeKeys(before, answer, nowMs);
    const [was, is] = [namesOf(before), namesOf(keys)];
    if (was !== is) {
      this.keysVersion++;
      log.info(
        { authority: withoutQuery(this.id.url), keys: keys.length, missing: keys.filter(({ missing }) => missing !== undefined).length },
        "keys of an authority changed",
      );
    }
    this.#state = { metadata, keys, confirmedMs: nowMs };
  }

  #askMetadata(): Promise<IssuerMetadata> {
    return this.#get("metadata", discoveryUrl(this.id.url), (document) => readMetadata(document, this.id.url));
  }

  #askKeys(url: string): Promise<readonly PublicKey[]> {
    return this.#get("keys", url, readKeySet);
  }

  #get<Result>(name: string, url: string, read: (document: Readonly<Record<string, unknown>>) => Result): Promise<Result> {
    return this.#deps.client.ask(
      {
        name,
        method: "GET",
        url,
        headers: ["Accept", "application/json"],
        timeoutMs: ASK_MS,
        limitBytes: authLimits.answerBytes,
        isRepeatable: true,
      },
      (answer) => read(readObject(answer)),
    );
  }
}

function namesOf(keys: readonly HeldKey[]): string {
  return keys
    .map(({ key }) => identityOf(key))
    .toSorted()
    .join("\n");
}
