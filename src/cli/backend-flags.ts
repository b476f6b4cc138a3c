import type { Command } from "commander";
import { messageOf } from "../kernel/index.ts";
import { parseBackendAddress } from "../route/index.ts";
import type { RouterOptions } from "../router/index.ts";
import { isReceivedBy } from "../wire/index.ts";
import { badUsage, readAddresses, readAuthorities } from "./flag-values.ts";

/** What is said of back ends beside the routes. */
export interface BackendFlags {
  readonly backendCa?: string;
  readonly backendInsecure?: true;
  readonly dynamicBackends?: string;
  readonly forwardBackend?: string;
  /** As Skipper calls it. */
  readonly forwardBackendUrl?: string;
  readonly via?: string;
}

export function addBackendFlags(command: Command): Command {
  return command
    .option("--backend-ca <FILE>", "authorities that endpoints written https:// are checked against (PEM), in place of those Node brings")
    .option("--backend-insecure", "do not check who endpoints written https:// are")
    .option(
      "--dynamic-backends <CIDR,…>",
      "where a request may have itself sent by a <dynamic> back end: addresses, CIDR blocks, public, private, none (public)",
    )
    .option("--via <NAME>", "send requests on with Via, which names the router so (none)")
    .option("--forward-backend <URL>", "where routes with the back end <forward> go")
    .addOption(command.createOption("--forward-backend-url <URL>").hideHelp());
}

/** Throws AppError `CLI_USAGE`. */
export function readBackends(flags: BackendFlags): Pick<RouterOptions, "backendTls" | "dynamicBackends" | "forwardBackend" | "via"> {
  const { dynamicBackends, via } = flags;
  if (via !== undefined && !isReceivedBy(via))
    throw badUsage(`--via ${JSON.stringify(via)}: write a name of letters, digits and "-._", or HOST:PORT`);
  const forwardBackend = readForwardBackend(flags);
  return {
    backendTls: readBackendTls(flags),
    ...(dynamicBackends === undefined
      ? {}
      : { dynamicBackends: readAddresses(dynamicBackends, "--dynamic-backends", ["public", "private", "none"]) }),
    ...(forwardBackend === undefined ? {} : { forwardBackend }),
    ...(via === undefined ? {} : { via }),
  };
}

function readBackendTls({ backendCa, backendInsecure }: BackendFlags): RouterOptions["backendTls"] {
  if (backendInsecure === true) {
    if (backendCa !== undefined) throw badUsage("--backend-ca and --backend-insecure exclude each other; give one of them");
    return { isVerified: false };
  }
  return { ...(backendCa === undefined ? {} : { authorities: readAuthorities(backendCa, "--backend-ca") }), isVerified: true };
}

function readForwardBackend({ forwardBackend, forwardBackendUrl }: BackendFlags): string | undefined {
  if (forwardBackend !== undefined && forwardBackendUrl !== undefined)
    throw badUsage("--forward-backend-url is another name of --forward-backend; give one of them");
  const url = forwardBackend ?? forwardBackendUrl;
  if (url === undefined) return undefined;
  try {
    parseBackendAddress(url);
  } catch (error) {
    throw badUsage(`--forward-backend: ${messageOf(error)}`);
  }
  return url;
}
