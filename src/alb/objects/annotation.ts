import type { ClaimOptions } from "./claim-options.ts";
import type { SaidBuilder } from "./said.ts";

/** An annotation of Ingress and RouteGroup. */
export interface Annotation {
  readonly key: string;
  /** What may stand in it, for the documentation. */
  readonly values: string;
  /** What it asks for, for the documentation; with what differs from the controller that it comes from. */
  readonly meaning: string;
  /** Throws AppError `ALB_ANNOTATION`. */
  readonly read: (text: string, into: SaidBuilder, options: ClaimOptions) => void;
}
