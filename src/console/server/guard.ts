import { timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { isIP } from "node:net";

export const TOKEN_HEADER = "x-holdfast-token";

export interface GuardOptions {
  /** The address listened on, as given. */
  readonly address: string;
  readonly port: number;
  readonly token: string;
  /** More `Host` values to answer to (a name in front of it), `name` or `name:port`, lower case. */
  readonly allowedHosts: readonly string[];
}

/** Why a request is refused; becomes the body. */
export interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly message: string;
}

const LOOPBACK_NAMES = new Set(["127.0.0.1", "localhost", "[::1]"]);

export function isLoopback(address: string): boolean {
  return address === "localhost" || address === "::1" || address.startsWith("127.");
}

function isWildcard(address: string): boolean {
  return address === "0.0.0.0" || address === "::";
}

/**
 * Against DNS rebinding: a page of another site whose name was made to point here sends that name as Host, so only
 * names that are ours are answered. On a wildcard address any literal IP address is ours: rebinding needs a name.
 */
export function checkHost(options: GuardOptions, host: string | undefined): Refusal | null {
  const refusal = {
    status: 403,
    code: "CONSOLE_FOREIGN_HOST",
    message: `the console does not answer to this Host; open http://${formatHost(options.address)}:${options.port}/ or name the host in allowedHosts`,
  };
  if (host === undefined) return refusal;
  const wanted = host.toLowerCase();
  if (options.allowedHosts.includes(wanted)) return null;
  const parts = /^(\[[0-9a-f:.]+\]|[^:[\]]+)(?::(\d{1,5}))?$/.exec(wanted);
  const name = parts?.[1];
  if (name === undefined || Number(parts?.[2] ?? 80) !== options.port) return refusal;
  if (name === formatHost(options.address)) return null;
  const reachedByLoopback = isLoopback(options.address) || isWildcard(options.address);
  if (reachedByLoopback && LOOPBACK_NAMES.has(name)) return null;
  return isWildcard(options.address) && isIP(name.replaceAll(/[[\]]/g, "")) !== 0 ? null : refusal;
}

/** What changes anything must come from our own page: same origin, as JSON, with the token. */
export function checkChange(options: GuardOptions, headers: IncomingHttpHeaders): Refusal | null {
  const origin = headers.origin;
  const site = headers["sec-fetch-site"];
  if ((origin !== undefined && origin !== `http://${headers.host ?? ""}`) || (site !== undefined && site !== "same-origin")) {
    return {
      status: 403,
      code: "CONSOLE_FOREIGN_ORIGIN",
      message: "an action is taken from the console's own page only; open the page and use its button",
    };
  }
  if (!sameText(headerText(headers[TOKEN_HEADER]), options.token)) {
    return {
      status: 401,
      code: "CONSOLE_TOKEN",
      message: `an action needs the header ${TOKEN_HEADER} with this console's token; open the address that was printed when it started`,
    };
  }
  if (!/^application\/json\b/i.test(headers["content-type"] ?? "")) {
    return { status: 415, code: "CONSOLE_BODY", message: "the body of an action is JSON with content-type application/json" };
  }
  return null;
}

/** An IPv6 address in brackets, as in a URL. */
export function formatHost(address: string): string {
  return isIP(address) === 6 ? `[${address}]` : address;
}

function headerText(value: string | readonly string[] | undefined): string {
  return typeof value === "string" ? value : "";
}

function sameText(given: string, wanted: string): boolean {
  const a = Buffer.from(given);
  const b = Buffer.from(wanted);
  return a.length === b.length && timingSafeEqual(a, b);
}
