import { isIP } from "node:net";
import { AppError } from "../../kernel/index.ts";

/** Reads `HOST:PORT`, `[v6]:PORT` or `:PORT` (every address). Throws AppError `FAULT_PROXY_ADDRESS`. */
export function parseAddress(text: string): { readonly host: string; readonly port: number } {
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([^:[\]\s/]*)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3] ?? Number.NaN);
  if (match === null || port > 65_535)
    throw new AppError("FAULT_PROXY_ADDRESS", `${JSON.stringify(text)} is no address: write HOST:PORT, as in 127.0.0.1:8080`);
  const host = match[1] ?? match[2] ?? "";
  return { host: host === "" ? "0.0.0.0" : host, port };
}

export function formatAddress(host: string, port: number): string {
  return isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`;
}
