import { getHeader } from "../route/index.ts";
import type { RequestContext } from "./request-context.ts";

const EMPTY = new Uint8Array(0);
/** What is written is no longer than this many digits. */
const DIGITS = 9;

/**
 * RFC 9110 section 7.6.2: an OPTIONS or TRACE that may go so many hops more has one less when it goes on. One that may go none is answered
 * here: OPTIONS with nothing to say, TRACE with 501, as what came is shown to nobody.
 */
export function countForward(context: RequestContext): void {
  const { method } = context;
  if (method !== "OPTIONS" && method !== "TRACE") return;
  const value = getHeader(context.requestHeaders, "max-forwards");
  if (value === undefined || !/^[0-9]+$/.test(value)) return;
  const hops = value.length > DIGITS ? 10 ** DIGITS : Number(value);
  if (hops > 0) context.setField("request", "Max-Forwards", String(hops - 1));
  else context.respond(method === "OPTIONS" ? 200 : 501, [], EMPTY);
}
