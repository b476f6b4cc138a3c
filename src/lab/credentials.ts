import { randomBytes } from "node:crypto";

/** Who talks to the lab's API server and load balancers, each with a token of its own, new for every lab. */
export interface LabCredentials {
  readonly admin: string;
  readonly controllers: string;
  readonly scheduler: string;
  readonly kubelet: string;
  readonly router: string;
  /** Of the load balancers', the load generator's control APIs. */
  readonly control: string;
}

export function newCredentials(): LabCredentials {
  const token = (): string => randomBytes(24).toString("base64url");
  return { admin: token(), controllers: token(), scheduler: token(), kubelet: token(), router: token(), control: token() };
}

/** A kubeconfig (client.authentication: a bearer token) for one user of the lab. */
export function kubeconfigText(server: string, user: string, token: string): string {
  return [
    "apiVersion: v1",
    "kind: Config",
    "clusters:",
    `  - { name: lab, cluster: { server: "${server}" } }`,
    "users:",
    `  - { name: ${user}, user: { token: "${token}" } }`,
    "contexts:",
    `  - { name: lab, context: { cluster: lab, user: ${user}, namespace: shop } }`,
    "current-context: lab",
    "",
  ].join("\n");
}
