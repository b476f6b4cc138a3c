import type { IncomingMessage } from "node:http";
import { isLoopbackAddress, refusal } from "../../../admin/index.ts";
import { Refused } from "./refused.ts";

/**
 * Who may use the control API: with a token whoever has it; without one whoever is on this machine and is no web page. Toxiproxy's clients
 * send neither Origin nor a browser's name, so they are served; a page of another site that reaches a loopback address, also under a name
 * that was pointed at it, is not.
 *
 * Throws {@link Refused} before anything is read.
 */
export function guardRequest(
  request: IncomingMessage,
  options: { readonly address: { readonly host: string }; readonly token: string | undefined },
): void {
  // In Toxiproxy's words, which its users know.
  if (request.headers["user-agent"]?.startsWith("Mozilla/") === true) throw new Refused(403, "User agent not allowed");
  const refused = refusal(request, "change", {
    isLoopback: isLoopbackAddress(options.address.host),
    token: options.token,
    listener: "the control API",
    tokenFlag: "--token-file",
  });
  if (refused !== undefined) throw new Refused(refused.status, refused.message);
}
