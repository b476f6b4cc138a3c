import { isIP } from "node:net";

import { AppError } from "../kernel/index.ts";
import type { ListenAddress } from "./listeners.ts";

/**
 * Reads `127.0.0.1:9911`, `[::1]:9911`, `localhost:9911` or `:9999` (all addresses). Throws AppError `ROUTER_ADDRESS` with what is
 * expected; `option` names the place in the message.
 */
export function parseListenAddress(text: string, option: string): ListenAddress {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]*)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host === undefined || port > 65_535) throw malformed(text, option);
  if (host === "") return { host: "::", port };
  if (host === "localhost") return { host: "127.0.0.1", port };
  if (isIP(host) === 0 || (match?.[1] === undefined) !== (isIP(host) === 4)) throw malformed(text, option);
  return { host, port };
}

function malformed(text: string, option: string): AppError {
  return new AppError(
    "ROUTER_ADDRESS",
    `${option} ${JSON.stringify(text)}: write it as ADDRESS:PORT, for example 127.0.0.1:9999, [::1]:9999 or :9999 for all addresses`,
  );
}
