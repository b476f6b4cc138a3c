import type { Target } from "../../aws/index.ts";
import type { Evidence } from "../evidence.ts";

/** `isUnready`: it is not registered now, and stays where it is registered: whether it gets requests there is the load balancer's health check to say. */
export interface WantedTarget extends Target {
  readonly isUnready?: true;
}

/** The routers that should be targets: all instances of these Auto Scaling groups (they register them), or these addresses. */
export type WantedTargets =
  | { readonly by: "auto-scaling-groups"; readonly names: Evidence<readonly string[]> }
  | { readonly by: "addresses"; readonly targets: Evidence<readonly WantedTarget[]> };
