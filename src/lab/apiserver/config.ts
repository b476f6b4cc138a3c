import { AppError } from "../../kernel/index.ts";
import { isObject } from "./json.ts";

/** A bearer token and who it stands for. Group `system:masters` may do all, any other may read all and create events. */
export interface TokenEntry {
  readonly token: string;
  readonly user: string;
  readonly groups: readonly string[];
}

/** What the API server is started with: plain JSON. */
export interface ApiServerConfig {
  /** Port 0 takes a free one (tests). */
  readonly listen: { readonly host: string; readonly port: number };
  /** Serves HTTPS beside HTTP on the same port; see {@link ensureServingCertificate}. */
  readonly tls?: { readonly certificateFile: string; readonly keyFile: string };
  /** SQLite database; made when it is not there. */
  readonly storeFile: string;
  readonly tokens: readonly TokenEntry[];
  /** Events of each kind kept for watches that come back; default 4096. */
  readonly watchWindow?: number;
  /** IPv4 block that Services get their clusterIP from; default 10.96.0.0/16. */
  readonly serviceCidr?: string;
  /** Requests served at once besides watches and logs; more are answered 429. Default 400, as kube-apiserver. */
  readonly maxInFlight?: number;
  /** How often a watch that allows it gets a bookmark; default 10000 (kube-apiserver: a minute). */
  readonly bookmarkMs?: number;
  /** Largest body taken; default 3 MiB, as kube-apiserver. */
  readonly maxBodyBytes?: number;
}

/** The configuration with its defaults filled in. */
export type CompleteConfig = Required<Omit<ApiServerConfig, "tls">> & { readonly tls: ApiServerConfig["tls"] | undefined };

/** Validates what came from a file. Throws LAB_APISERVER_CONFIG that says which field is wrong and how to mend it. */
export function readConfig(value: unknown): CompleteConfig {
  if (!isObject(value)) throw wrong("the configuration", "an object");
  const listen = value["listen"];
  if (!isObject(listen)) throw wrong("listen", "an object { host, port }");
  const { host, port } = listen;
  if (typeof host !== "string" || host === "") throw wrong("listen.host", "an address such as 127.0.0.1");
  if (typeof port !== "number" || !Number.isInteger(port) || port < 0 || port > 65535)
    throw wrong("listen.port", "a whole number from 0 to 65535");
  const storeFile = value["storeFile"];
  if (typeof storeFile !== "string" || storeFile === "") throw wrong("storeFile", "the path of the database");
  const tokens = value["tokens"];
  if (!Array.isArray(tokens) || tokens.length === 0) throw wrong("tokens", "a list with at least one { token, user, groups }");
  const serviceCidr = value["serviceCidr"] ?? "10.96.0.0/16";
  if (typeof serviceCidr !== "string" || !isCidr(serviceCidr))
    throw wrong("serviceCidr", "an IPv4 block such as 10.96.0.0/16, between /12 and /28");
  return {
    listen: { host, port },
    tls: readTls(value["tls"]),
    storeFile,
    tokens: tokens.map(readToken),
    watchWindow: readCount(value["watchWindow"], "watchWindow", 4096),
    serviceCidr,
    maxInFlight: readCount(value["maxInFlight"], "maxInFlight", 400),
    bookmarkMs: readCount(value["bookmarkMs"], "bookmarkMs", 10_000),
    maxBodyBytes: readCount(value["maxBodyBytes"], "maxBodyBytes", 3 * 1024 * 1024),
  };
}

function readToken(entry: unknown, at: number): TokenEntry {
  const { token, user, groups } = isObject(entry) ? entry : {};
  if (typeof token !== "string" || token === "") throw wrong(`tokens[${at}].token`, "a string that is not empty");
  if (typeof user !== "string" || user === "") throw wrong(`tokens[${at}].user`, "a string that is not empty");
  if (!Array.isArray(groups) || !groups.every((group) => typeof group === "string"))
    throw wrong(`tokens[${at}].groups`, "a list of strings");
  return { token, user, groups };
}

function readTls(value: unknown): ApiServerConfig["tls"] | undefined {
  if (value === undefined) return undefined;
  const { certificateFile, keyFile } = isObject(value) ? value : {};
  if (typeof certificateFile !== "string" || typeof keyFile !== "string") throw wrong("tls", "an object { certificateFile, keyFile }");
  return { certificateFile, keyFile };
}

function readCount(value: unknown, field: string, fallback: number): number {
  if (value === undefined) return fallback;
  if (typeof value !== "number" || !Number.isInteger(value) || value < 1) throw wrong(field, "a whole number, 1 or more");
  return value;
}

function isCidr(text: string): boolean {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(text);
  if (match === null) return false;
  const bits = Number(match[5]);
  return match.slice(1, 5).every((part) => Number(part) < 256) && bits >= 12 && bits <= 28;
}

function wrong(field: string, expected: string): AppError {
  return new AppError("LAB_APISERVER_CONFIG", `API server configuration: ${field} must be ${expected}`);
}
