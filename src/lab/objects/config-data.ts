import type { KubeObject } from "../../kube/index.ts";
import type { Labels } from "./metadata.ts";

/** A ConfigMap or a Secret. */
export interface ConfigData extends KubeObject {
  readonly data?: Labels;
  readonly binaryData?: Labels;
}
