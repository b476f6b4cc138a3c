import { getHeader } from "../route/index.ts";
import type { RequestContext } from "./request-context.ts";

const EMPTY = new Uint8Array(0);
/** What is written is no longer than this many digits. */
const DIGITS = 9;

/**
 * Makes an OPTIONS or TRACE ready for the next hop, or answers it. RFC 9110 section 7.6.2: one that may go so many hops more has one less
 * when it goes on; one that may go none is answered here: OPTIONS with nothing to say, TRACE with 501, as what came is shown to nobody.
 * Section 9.3.8: what a TRACE carries comes back to whoever sent it, so that secrets, those of filters too, do not go with it.
 */
export function prepareDiagnostic(context: RequestContext): void {
  const { method } = context;
  if (method !== "OPTIONS" && method !== "TRACE") return;
  if (method === "TRACE") {
    context.dropField("request", "Authorization");
    context.dropField("request", "Cookie");
  }
  const value = getHeader(context.requestHeaders, "max-forwards");
  if (value === undefined || !/^[0-9]+$/.test(value)) return;
  const hops = value.length > DIGITS ? 10 ** DIGITS : Number(value);
  if (hops > 0) context.setField("request", "Max-Forwards", String(hops - 1));
  else context.respond(method === "OPTIONS" ? 200 : 501, [], EMPTY);
}
