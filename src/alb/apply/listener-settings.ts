import type { ListenerSettings } from "../../aws/index.ts";
import type { WantedListener } from "../plan/resolved.ts";

/** A listener in AWS's words. `certificate` is the default one. */
export function listenerSettings(
  { port, protocol, sslPolicy, action }: WantedListener,
  certificate: string | undefined,
  targetGroupArn: () => string,
): ListenerSettings {
  return {
    port,
    protocol,
    sslPolicy,
    certificate,
    actions:
      action.type === "forward"
        ? [{ type: "forward", groups: [{ arn: targetGroupArn(), weight: 1 }] }]
        : [{ type: "redirect", protocol: "HTTPS", port: action.toPort, status: action.status }],
  };
}
