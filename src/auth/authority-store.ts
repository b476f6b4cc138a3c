import { createHash } from "node:crypto";
import { AppError, isRecord, messageOf } from "../kernel/index.ts";
import { withoutQuery } from "../route/index.ts";
import type { Log } from "../telemetry/index.ts";
import { type HeldKey, readKeySet } from "./key-set.ts";
import { type IssuerMetadata, readMetadata } from "./metadata.ts";
import { authLimits } from "./settings.ts";

/** Where pieces of state outlive a process; a router's snapshot folder is one. */
export interface StateStore {
  /** `[a-z0-9-]+`; undefined when there is none. May throw. */
  readState(name: string): string | undefined;
  writeState(name: string, text: string): Promise<void>;
  /** Those whose names begin so and that were last written before then, in milliseconds since the Unix epoch. */
  forgetStates(prefix: string, beforeMs: number): void;
}

/** Who signs: an issuer by its URL, or a set of keys by its own. */
export interface AuthorityId {
  readonly kind: "issuer" | "keys";
  readonly url: string;
}

/** What is known of an authority. Public all of it. */
export interface AuthorityState {
  readonly metadata: IssuerMetadata | undefined;
  readonly keys: readonly HeldKey[];
  /** When it last said so, in milliseconds since the Unix epoch. */
  readonly confirmedMs: number;
}

const VERSION = 1;
const PREFIX = "authority-";

/** Keeps what is known of authorities: a router that starts while one is down knows its keys. */
export class AuthorityStore {
  readonly #store: StateStore | undefined;
  readonly #log: Log;
  #told = "";

  constructor(store: StateStore | undefined, log: Log) {
    this.#store = store;
    this.#log = log;
  }

  /** What is there is checked like an answer; undefined for what is none. */
  read(id: AuthorityId): AuthorityState | undefined {
    try {
      const text = this.#store?.readState(nameOf(id));
      return text === undefined ? undefined : decode(text, id);
    } catch (thrown) {
      this.#log.warn(
        { authority: withoutQuery(id.url), reason: messageOf(thrown) },
        "what was kept of an authority can not be used, it is asked anew",
      );
      return undefined;
    }
  }

  /** Best effort: what cannot be written is told once. What is too old to be believed goes. */
  async write(id: AuthorityId, { metadata, keys, confirmedMs }: AuthorityState): Promise<void> {
    try {
      this.#store?.forgetStates(PREFIX, confirmedMs - authLimits.trustedMs);
      await this.#store?.writeState(nameOf(id), JSON.stringify({ version: VERSION, ...id, confirmedMs, metadata, keys }));
      this.#told = "";
    } catch (thrown) {
      const reason = messageOf(thrown);
      if (reason !== this.#told)
        this.#log.warn({ authority: withoutQuery(id.url), reason }, "what is known of an authority can not be kept");
      this.#told = reason;
    }
  }
}

function nameOf({ kind, url }: AuthorityId): string {
  return `${PREFIX}${createHash("sha256").update(`${kind} ${url}`).digest("hex").slice(0, 32)}`;
}

function decode(text: string, id: AuthorityId): AuthorityState {
  const value: unknown = JSON.parse(text);
  if (!isRecord(value) || value["version"] !== VERSION || value["kind"] !== id.kind || value["url"] !== id.url)
    throw new AppError("AUTH_MALFORMED", "it is of another authority or version");
  const { metadata, keys, confirmedMs } = value;
  if (typeof confirmedMs !== "number" || !Array.isArray(keys)) throw new AppError("AUTH_MALFORMED", "it is not whole");
  return {
    metadata: isRecord(metadata) ? readMetadata(metadata, id.url) : undefined,
    keys: keys.flatMap(readHeld),
    confirmedMs,
  };
}

function readHeld(entry: unknown): readonly HeldKey[] {
  if (!isRecord(entry) || !isRecord(entry["key"])) return [];
  const [key] = readKeySet({ keys: [entry["key"]] });
  if (key === undefined) return [];
  const missing = entry["missing"];
  if (!isRecord(missing) || typeof missing["sinceMs"] !== "number" || typeof missing["answers"] !== "number") return [{ key }];
  return [{ key, missing: { sinceMs: missing["sinceMs"], answers: missing["answers"] } }];
}
