import { readFileSync } from "node:fs";
import type { ClusterConfig } from "../../../kube/index.ts";
import type { JsonObject } from "../../document/json.ts";
import type { TlsPlan } from "../plan/load-plan.ts";

/** How requests reach a cluster's API server: fields of a plan, and what of TLS must not stand in one. */
export interface ClusterRequests {
  readonly url: string;
  readonly headers: JsonObject;
  readonly tls: TlsPlan;
}

/** A token from a file is the one that stands there now: load is shorter than tokens live. */
export function requestsTo(cluster: ClusterConfig): ClusterRequests {
  const { credentials } = cluster;
  const token =
    credentials.type === "token"
      ? credentials.token
      : credentials.type === "tokenFile"
        ? readFileSync(credentials.path, "utf8").trim()
        : undefined;
  return {
    url: new URL(cluster.server).origin,
    headers: {
      "User-Agent": "holdfast-load",
      Accept: "application/json",
      ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
    },
    tls: {
      authorities: cluster.ca,
      isInsecure: cluster.insecureSkipTlsVerify === true,
      serverName: cluster.tlsServerName,
      certificate: credentials.type === "certificate" ? credentials.cert : undefined,
      key: credentials.type === "certificate" ? credentials.key : undefined,
    },
  };
}
