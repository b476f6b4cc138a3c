import type { IncomingHttpHeaders } from "node:http";

export type AwsProtocol = "query" | "ec2" | "json";

/** What a request asks AWS for. */
export interface AwsRequest {
  /** Of the signature: `ec2`, `elasticloadbalancing`. */
  readonly service: string;
  readonly action: string;
  readonly protocol: AwsProtocol;
}

/** Reads the scope of a signature (Signature Version 4) and the action, which is in a header or in the body; undefined when it is not signed. */
export function readAwsRequest(headers: IncomingHttpHeaders, body: string): AwsRequest | undefined {
  const service = /^AWS4-[A-Z0-9-]+ Credential=[^/,]+\/\d{8}\/[^/,]*\/([a-z0-9-]+)\/aws4_request/.exec(headers.authorization ?? "")?.[1];
  if (service === undefined) return undefined;
  const target = headers["x-amz-target"];
  if (typeof target === "string") return { service, action: target.slice(target.lastIndexOf(".") + 1), protocol: "json" };
  const action = new URLSearchParams(body).get("Action") ?? "";
  return { service, action, protocol: service === "ec2" ? "ec2" : "query" };
}
