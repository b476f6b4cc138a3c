import { randomBytes } from "node:crypto";

/** Who talks to the lab's API server, its load balancers and its AWS, each with a token of its own, new for every lab. */
export interface LabCredentials {
  readonly admin: string;
  readonly controllers: string;
  readonly scheduler: string;
  readonly kubelet: string;
  readonly router: string;
  readonly alb: string;
  /** Of the load balancers', the load generator's control APIs. */
  readonly control: string;
  /** The access key of the lab's AWS. */
  readonly aws: { readonly id: string; readonly secret: string };
}

export function newCredentials(): LabCredentials {
  const token = (): string => randomBytes(24).toString("base64url");
  return {
    admin: token(),
    controllers: token(),
    scheduler: token(),
    kubelet: token(),
    router: token(),
    alb: token(),
    control: token(),
    aws: { id: `AKIA${randomBytes(8).toString("hex").toUpperCase()}`, secret: token() },
  };
}
