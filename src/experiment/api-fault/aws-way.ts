import { AppError } from "../../kernel/index.ts";
import type { ProxyInput } from "../fault-proxy/control/read-body.ts";

/** The name of the proxy before AWS. */
export const AWS = "aws";

/**
 * A proxy before an endpoint that answers for all services of AWS: the lab's, or an emulator. Requests go on with the Host that was signed, so signatures
 * stay right for whoever checks them against the Host that came; AWS itself has an endpoint for each service and is none of these.
 */
export function awsWay(endpoint: string): ProxyInput {
  const url = URL.parse(endpoint);
  if (url === null || !/^https?:$/.test(url.protocol) || /\.amazonaws\.com(\.cn)?$/.test(url.hostname))
    throw new AppError("FAULT_PROXY_ADDRESS", `${endpoint} is no endpoint of an emulator: write a URL as in http://127.20.0.2:4566`);
  return { name: AWS, listen: "127.0.0.1:0", upstream: url.origin, enabled: true, http: { tls: undefined, upstreamTls: {} } };
}

/** Lines for a shell: everything else about AWS stays as it is. */
export function awsEnvironment(listen: string): string {
  return `export AWS_ENDPOINT_URL=http://${listen}\n`;
}
