import type { Target } from "../../aws/index.ts";
import type { Evidence } from "../evidence.ts";

/** The routers that should be targets: all instances of these Auto Scaling groups (they register them), or these addresses. */
export type WantedTargets =
  | { readonly by: "auto-scaling-groups"; readonly names: Evidence<readonly string[]> }
  | { readonly by: "addresses"; readonly targets: Evidence<readonly Target[]> };
