import type { Meta } from "./kube-objects.ts";
import type { ObjectKind } from "./world.ts";

/** The object that is being converted. */
export interface Owner {
  readonly kind: ObjectKind;
  readonly meta: Meta;
}
