import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";

/** How much a path gives away or changes. `open`: health and figures. `inside`: routes and held objects. `change`: decisions. */
export type Sensitivity = "open" | "inside" | "change";

interface GuardOptions {
  readonly isLoopback: boolean;
  readonly token: string | undefined;
  /** What is asked, and the flag that names its token's file: for the messages. */
  readonly listener: string;
  readonly tokenFlag: string;
}

/**
 * Whether a request may be answered; undefined when it may, otherwise the status and why not.
 *
 * A browser can be made to send requests here by any page. It then names that page in Origin, or its own host name in Host
 * when that name was pointed at our address (DNS rebinding): so both must be an address literal or `localhost`, and Origin, when
 * there is one, must be this listener itself.
 */
export function refusal(
  request: IncomingMessage,
  sensitivity: Sensitivity,
  options: GuardOptions,
): { readonly status: number; readonly message: string } | undefined {
  if (sensitivity === "open") return undefined;
  const host = request.headers.host ?? "";
  if (!isLiteralAuthority(host)) return { status: 421, message: "ask by address: Host must be an IP address or localhost" };
  const { origin } = request.headers;
  if (origin !== undefined && origin !== `http://${host}`) return { status: 403, message: "requests from other web origins are refused" };
  if (options.token !== undefined) {
    if (!isBearer(request.headers.authorization, options.token))
      return { status: 401, message: `send Authorization: Bearer TOKEN (that of ${options.tokenFlag})` };
  } else if (!options.isLoopback) {
    return {
      status: 403,
      message: `${options.listener} is not on loopback and has no token: start with ${options.tokenFlag} to use this`,
    };
  }
  return undefined;
}

function isLiteralAuthority(authority: string): boolean {
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([^:[\]]+))(?::\d{1,5})?$/.exec(authority);
  const name = match?.[1] ?? match?.[2];
  return name !== undefined && (name.toLowerCase() === "localhost" || isIP(name) !== 0);
}

function isBearer(header: string | undefined, token: string): boolean {
  const given = /^Bearer +(\S+)$/i.exec(header ?? "")?.[1];
  if (given === undefined) return false;
  // Hashed first: timingSafeEqual wants equal lengths, and the length of the token is nobody's business.
  return timingSafeEqual(digest(given), digest(token));
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

/** Whether an address literal is of this machine only (127.0.0.0/8, ::1). */
export function isLoopbackAddress(host: string): boolean {
  return host.startsWith("127.") || host === "::1" || host === "localhost";
}
