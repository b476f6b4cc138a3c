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
