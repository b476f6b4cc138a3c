import { readFileSync } from "node:fs";
import { isIP } from "node:net";
import { Redis } from "iovalkey";
import { AppError, messageOf } from "../kernel/index.ts";
import type { LimitServerAddress, SharedLimitOptions } from "./options.ts";
import { HIT, type LimitScript, POUR } from "./scripts.ts";

/** One connection to a server. It is not made again when it ends. */
export class LimitConnection {
  readonly #redis: Redis;
  #hasEnded = false;

  private constructor(redis: Redis, onEnd: () => void) {
    this.#redis = redis;
    redis.on("end", () => {
      this.#hasEnded = true;
      onEnd();
    });
  }

  /**
   * Connects, names the user, loads the scripts and runs one of them, so that a server that takes no data is found out before a request has
   * to. Rejects with what the server or the network says.
   */
  static async open(
    address: LimitServerAddress,
    options: Pick<SharedLimitOptions, "passwordFile" | "authorities">,
    connectMs: number,
    signal: AbortSignal,
    onEnd: () => void,
  ): Promise<LimitConnection> {
    const password = options.passwordFile === undefined ? undefined : readPassword(options.passwordFile);
    const { host, port, isTls, username, database } = address;
    const redis = new Redis({
      host,
      port,
      ...(isTls ? { tls: tlsOptions(host, options.authorities) } : {}),
      lazyConnect: true,
      connectTimeout: connectMs,
      // When to try again is not for the client to say, nor to keep what nobody waits for.
      retryStrategy: () => null,
      enableOfflineQueue: false,
      enableReadyCheck: false,
      maxRetriesPerRequest: 0,
      autoResendUnfulfilledCommands: false,
    });
    let problem: unknown;
    redis.on("error", (error) => (problem = error));
    const connection = new LimitConnection(redis, onEnd);
    const stop = (): void => connection.close();
    signal.addEventListener("abort", stop, { once: true });
    try {
      await redis.connect();
      if (password !== undefined) await redis.call("AUTH", ...(username === undefined ? [] : [username]), password);
      if (database > 0) await redis.call("SELECT", database);
      await connection.prove();
      return connection;
    } catch (error) {
      connection.close();
      // The client says of a connection that could not be made that it is closed; why, it has told before.
      throw problem ?? error;
    } finally {
      signal.removeEventListener("abort", stop);
    }
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** That it takes and runs what requests will ask for. */
  async prove(): Promise<void> {
    await this.#redis.call("SCRIPT", "LOAD", HIT.text);
    await this.#redis.call("SCRIPT", "LOAD", POUR.text);
    const answer = await this.run(HIT, "holdfast:proof", 1_000_000, 1_000);
    if (typeof answer !== "number") throw new Error("TYPE the answer to a script is no number");
  }

  run({ sha1 }: LimitScript, key: string, ...args: readonly number[]): Promise<unknown> {
    this.#gather();
    return this.#redis.evalsha(sha1, 1, key, ...args);
  }

  /** What is asked in one turn of the event loop goes out in one write: a write for each would cost more than all else. */
  #gather(): void {
    const { stream } = this.#redis;
    if (stream.writableCorked > 0) return;
    stream.cork();
    setImmediate(() => stream.uncork());
  }

  close(): void {
    this.#hasEnded = true;
    this.#redis.disconnect();
  }
}

/** SNI is for names (RFC 6066 section 3). */
function tlsOptions(host: string, ca: string | undefined): { readonly servername?: string; readonly ca?: string } {
  return { ...(isIP(host) === 0 ? { servername: host } : {}), ...(ca === undefined ? {} : { ca }) };
}

function readPassword(file: string): string {
  try {
    return readFileSync(file, "utf8").trim();
  } catch (error) {
    throw new AppError("LIMITS_PASSWORD", `${file} cannot be read (${messageOf(error)})`);
  }
}

/** What is wrong, as a label: the code of a reply (`OOM`, `NOAUTH`) or of the network (`ECONNREFUSED`). */
export function causeOf(error: unknown): string {
  if (error instanceof AppError) return error.code;
  const code = error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
  if (code !== undefined) return code;
  const [, said] = /^([A-Z]{2,20})\b/.exec(error instanceof Error ? error.message : "") ?? [];
  return said ?? "closed";
}
