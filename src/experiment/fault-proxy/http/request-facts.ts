import type { IncomingMessage } from "node:http";
import { type AwsRequest, readAwsRequest } from "./aws-request.ts";
import { type KubeRequest, readKubeRequest } from "./kube-request.ts";

/** What rules can be about. */
export interface RequestFacts {
  readonly method: string;
  /** With the query. */
  readonly target: string;
  readonly path: string;
  readonly host: string;
  readonly userAgent: string;
  readonly kube: KubeRequest | undefined;
  readonly aws: AwsRequest | undefined;
}

export function factsOf(request: IncomingMessage, body: Buffer): RequestFacts {
  const { method = "", url: target = "", headers } = request;
  const url = URL.parse(target, "http://fault-proxy") ?? new URL("http://fault-proxy/");
  return {
    method,
    target,
    path: url.pathname,
    host: headers.host ?? "",
    userAgent: headers["user-agent"] ?? "",
    kube: readKubeRequest(method, url),
    aws: readAwsRequest(headers, body.toString("latin1")),
  };
}

export function isWatch(facts: RequestFacts): boolean {
  return facts.kube?.verb === "watch";
}
