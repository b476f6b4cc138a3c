import { accessSync, constants } from "node:fs";
import { resolve } from "node:path";
import { type Command, Option } from "commander";
import { messageOf } from "../kernel/index.ts";
import { type SharedLimitOptions, parseLimitServers } from "../shared-limits/index.ts";
import { badUsage, readAuthorities, wholeNumber } from "./flag-values.ts";

/** What says where limits of all routers are kept. */
export interface SharedLimitFlags {
  readonly limitServers?: string;
  /** As Skipper calls it. */
  readonly swarmRedisUrls?: string;
  readonly limitPasswordFile?: string;
  readonly limitCa?: string;
  readonly limitTimeout?: string;
}

export function addSharedLimitFlags(command: Command): Command {
  return command
    .option("--limit-servers <SERVER,…>", "servers of Valkey or Redis that keep limits for all routers: HOST:PORT or rediss://HOST:PORT")
    .addOption(new Option("--swarm-redis-urls <SERVER,…>").hideHelp())
    .option("--limit-password-file <FILE>", "file with the password of --limit-servers; read at each connection")
    .option("--limit-ca <FILE>", "authorities that --limit-servers written rediss:// are checked against (PEM)")
    .option("--limit-timeout <MILLISECONDS>", "how long a request may wait for --limit-servers (25)");
}

/** Undefined when no server is named. Throws AppError `CLI_USAGE`. */
export function readSharedLimits(flags: SharedLimitFlags): SharedLimitOptions | undefined {
  const { limitServers, swarmRedisUrls, limitPasswordFile: passwordFile, limitCa, limitTimeout } = flags;
  if (limitServers !== undefined && swarmRedisUrls !== undefined)
    throw badUsage("--swarm-redis-urls is another name of --limit-servers; give one of them");
  const text = limitServers ?? swarmRedisUrls;
  if (text === undefined) {
    if (passwordFile !== undefined || limitCa !== undefined || limitTimeout !== undefined)
      throw badUsage("--limit-password-file, --limit-ca and --limit-timeout are for --limit-servers HOST:PORT; give it too");
    return undefined;
  }
  const servers = readServers(text);
  if (limitCa !== undefined && !servers.some(({ isTls }) => isTls))
    throw badUsage("--limit-ca is for servers written rediss://HOST:PORT; write them so");
  if (passwordFile === undefined) {
    if (servers.some(({ username }) => username !== undefined))
      throw badUsage("a user in --limit-servers needs --limit-password-file FILE");
  } else checkReadable(passwordFile);
  return {
    servers,
    ...(passwordFile === undefined ? {} : { passwordFile: resolve(passwordFile) }),
    ...(limitCa === undefined ? {} : { authorities: readAuthorities(limitCa, "--limit-ca") }),
    ...(limitTimeout === undefined ? {} : { times: { answerMs: wholeNumber(limitTimeout, "--limit-timeout", 1, 10_000) } }),
  };
}

/** What is wrong is said without what was written: there may be a password in it. */
function readServers(text: string): SharedLimitOptions["servers"] {
  try {
    return parseLimitServers(text);
  } catch (error) {
    throw badUsage(`--limit-servers: ${messageOf(error)}`);
  }
}

/** It may change while the router runs; at its start it has to be there. */
function checkReadable(file: string): void {
  try {
    accessSync(file, constants.R_OK);
  } catch (error) {
    throw badUsage(`--limit-password-file ${file} cannot be read: ${messageOf(error)}`);
  }
}
