import { AppError } from "../kernel/index.ts";

/** A server of Valkey or Redis. */
export interface LimitServerAddress {
  readonly host: string;
  readonly port: number;
  readonly isTls: boolean;
  /** The number of the database. */
  readonly database: number;
  readonly username?: string;
}

/** Where routers keep what they count together; see {@link defaultSharedLimitTimes}. */
export interface SharedLimitOptions {
  readonly servers: readonly LimitServerAddress[];
  /** Read at each connection, so that it may change. */
  readonly passwordFile?: string;
  /** PEM; left out: those Node brings. */
  readonly authorities?: string;
  readonly times?: Partial<SharedLimitTimes>;
}

/** In milliseconds. */
export interface SharedLimitTimes {
  /** For an answer. A server over it is asked nothing until it has proved that it answers again. */
  readonly answerMs: number;
  /** For a connection, its password and the scripts; also how long the first requests of a process wait for it. */
  readonly connectMs: number;
  /** From a failure to the first try whether the server is well again; doubles up to `retryCapMs`. */
  readonly retryMs: number;
  readonly retryCapMs: number;
}

export const defaultSharedLimitTimes: SharedLimitTimes = Object.freeze({
  answerMs: 25,
  connectMs: 500,
  retryMs: 500,
  retryCapMs: 10_000,
});

/** The most answers that may be under way from one server; what is more is not asked. */
export const SHARED_LIMIT_WAITING = 10_000;

const SCHEMES: Readonly<Record<string, boolean>> = { "redis:": false, "valkey:": false, "rediss:": true, "valkeys:": true };

/**
 * `HOST:PORT` or `redis://[USER@]HOST[:PORT][/DATABASE]` (or `rediss`, `valkey`, `valkeys`), separated by commas.
 * Throws AppError `LIMITS_SERVER`.
 */
export function parseLimitServers(text: string): readonly LimitServerAddress[] {
  const servers = text
    .split(",")
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "")
    .map(parseServer);
  if (servers.length === 0) throw new AppError("LIMITS_SERVER", "no server is named; write HOST:PORT, or several separated by commas");
  const names = new Set(servers.map(serverName));
  if (names.size < servers.length) throw new AppError("LIMITS_SERVER", "a server is named twice; name each once");
  return servers;
}

/** `HOST:PORT`, as metrics and the log say it; not what could hold a secret. */
export function serverName({ host, port }: LimitServerAddress): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

function parseServer(entry: string): LimitServerAddress {
  const url = URL.parse(entry.includes("://") ? entry : `redis://${entry}`);
  const isTls = url === null ? undefined : SCHEMES[url.protocol];
  const [, database = "0"] = /^\/?(\d{0,4})$/.exec(url?.pathname ?? "") ?? [undefined, "none"];
  // The entry may hold a password: it is not shown.
  if (url === null || isTls === undefined || url.hostname === "" || database === "none" || url.search !== "")
    throw new AppError("LIMITS_SERVER", "a server is written HOST:PORT or redis://[USER@]HOST:PORT[/DATABASE]; rediss:// is for TLS");
  if (url.password !== "")
    throw new AppError(
      "LIMITS_SERVER",
      `${url.host}: everybody can read a command line; put the password into a file (--limit-password-file)`,
    );
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, "$1"),
    port: url.port === "" ? 6379 : Number(url.port),
    isTls,
    database: Number(database),
    ...(url.username === "" ? {} : { username: decodeURIComponent(url.username) }),
  };
}
