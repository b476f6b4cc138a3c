import { createHmac, randomBytes } from "node:crypto";
import { Worker } from "node:worker_threads";
import { AppError, type Clock, messageOf } from "../kernel/index.ts";
import { authLimits } from "./settings.ts";
import { Coalesced, SecretCache } from "./secret-cache.ts";

/** Users and the hashes of their passwords, as `htpasswd` of Apache writes them. */
export interface PasswordFile {
  readonly hashes: ReadonlyMap<string, string>;
  /** What an unknown user's password is checked against, so that the time does not tell who is known. */
  readonly decoy: string | undefined;
}

const BCRYPT = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/;
const APR1 = /^\$(?:apr1|1)\$[./A-Za-z0-9]{1,8}\$[./A-Za-z0-9]{22}$/;
const SHA1 = /^\{SHA\}[A-Za-z0-9+/]{27}=$/;

/** Throws for a line that is none, or a hash that is not one of the three kinds: bcrypt, MD5 (`apr1`), SHA-1. */
export function readPasswords(text: string): PasswordFile {
  const hashes = new Map<string, string>();
  let decoy: string | undefined;
  for (const [at, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === "" || line.startsWith("#")) continue;
    const colon = line.indexOf(":");
    const hash = line.slice(colon + 1).trim();
    if (colon < 1) throw new Error(`line ${at + 1}: expected user:hash`);
    const cost = BCRYPT.exec(hash)?.[1];
    if (cost !== undefined && Number(cost) > authLimits.bcryptCost)
      throw new Error(`line ${at + 1}: a bcrypt cost of ${Number(cost)} takes too long, at most ${authLimits.bcryptCost}`);
    if (cost === undefined && !APR1.test(hash) && !SHA1.test(hash))
      throw new Error(`line ${at + 1}: the hash is none of bcrypt, MD5 and SHA-1; write it with htpasswd -B`);
    hashes.set(line.slice(0, colon), hash);
    decoy ??= hash;
  }
  return { hashes, decoy };
}

interface Waiting {
  readonly resolve: (isRight: boolean) => void;
  readonly reject: (error: AppError) => void;
}

/**
 * Checks passwords in a thread of its own: a hash that is worth its name takes tens of milliseconds, in which the requests of others
 * would stand still. What was right or wrong is remembered for minutes, as a digest under a key of this process: a client that asks
 * again and again with one wrong password keeps nobody else from being checked.
 */
export class PasswordCheck {
  readonly #clock: Clock;
  readonly #key = randomBytes(32);
  // Apart from each other: whoever guesses makes nobody be forgotten.
  readonly #right = new SecretCache<true>(authLimits.knownPasswords, authLimits.cacheBytes);
  readonly #wrong = new SecretCache<true>(authLimits.knownPasswords, authLimits.cacheBytes);
  readonly #checking = new Coalesced<boolean>();
  readonly #waiting = new Map<number, Waiting>();
  #thread: Worker | undefined;
  #next = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether it is right, at once when it was checked before. Rejects with AppError AUTH_BUSY when too many wait, AUTH_PASSWORDS when the thread failed. */
  check(hash: string, password: string): boolean | Promise<boolean> {
    const digest = this.#digest(hash, password);
    const nowMs = this.#clock.monoMs();
    if (this.#right.get(digest, nowMs) === true) return true;
    if (this.#wrong.get(digest, nowMs) === true) return false;
    return this.#checking.run(digest, async () => {
      const isRight = await this.#ask(hash, password);
      const known = isRight ? this.#right : this.#wrong;
      known.set(digest, true, digest.length, this.#clock.monoMs() + authLimits.knownPasswordMs);
      return isRight;
    });
  }

  async close(): Promise<void> {
    await this.#thread?.terminate();
  }

  #ask(hash: string, password: string): Promise<boolean> {
    if (this.#waiting.size >= authLimits.passwords)
      return Promise.reject(new AppError("AUTH_BUSY", `${this.#waiting.size} passwords wait to be checked`));
    const id = this.#next++;
    const { promise, resolve, reject } = Promise.withResolvers<boolean>();
    this.#waiting.set(id, { resolve, reject });
    this.#start().postMessage({ id, hash, password });
    return promise;
  }

  #start(): Worker {
    if (this.#thread !== undefined) return this.#thread;
    const thread = new Worker(new URL("password-entry.ts", import.meta.url), { resourceLimits: { maxOldGenerationSizeMb: 32 } });
    thread.unref();
    thread.on("message", ({ id, isRight }: { readonly id: number; readonly isRight: boolean }) => {
      this.#waiting.get(id)?.resolve(isRight);
      this.#waiting.delete(id);
    });
    let reason = "it ended";
    thread.on("error", (error) => (reason = messageOf(error)));
    thread.on("exit", () => {
      this.#thread = undefined;
      for (const { reject } of this.#waiting.values())
        reject(new AppError("AUTH_PASSWORDS", `the thread that checks passwords failed: ${reason}`));
      this.#waiting.clear();
    });
    this.#thread = thread;
    return thread;
  }

  #digest(hash: string, password: string): string {
    return createHmac("sha256", this.#key).update(`${hash} `).update(password).digest("base64url");
  }
}
