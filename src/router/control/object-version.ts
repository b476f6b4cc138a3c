import { AppError } from "../../kernel/index.ts";
import { type ConvertOptions, type ObjectKind, type ObjectProblem, defaultConvertOptions, validate } from "../../ingress/index.ts";
import type { KubeObject } from "../../kube/index.ts";
import type { SourceDeps } from "./source.ts";

/** What says how objects are read. */
export type ObjectRules = Pick<SourceDeps, "config" | "registry">;

/** How objects become routes. */
export function convertOptions({ config }: ObjectRules): ConvertOptions {
  return { ...defaultConvertOptions, forwardBackendUrl: config.forwardBackend };
}

/** Reads one back from the snapshot. Throws AppError `ROUTER_SNAPSHOT_CORRUPT`. */
export function restoreObject(value: unknown, deps: ObjectRules): KubeObject {
  const object = value as KubeObject;
  const problem = seriousProblems(object, deps).find(({ effect }) => effect === "dropped");
  if (problem !== undefined) throw new AppError("ROUTER_SNAPSHOT_CORRUPT", `an object in it cannot be used: ${problem.message}`);
  return object;
}

/** What keeps an object, or some of its routes, from being served; a setting that is not heeded does not. */
export function seriousProblems(object: KubeObject, deps: ObjectRules): readonly ObjectProblem[] {
  return validate(object.kind as ObjectKind, object, convertOptions(deps), deps.registry).filter(({ effect }) => effect !== "ignored");
}

/** Leaves out what routes are not made of and what makes up half of an object: who changed which field, and status. */
export function trim(object: KubeObject): KubeObject {
  const { apiVersion, kind } = object;
  const { name, namespace, uid, resourceVersion, creationTimestamp, labels, annotations } = object.metadata;
  const metadata = Object.fromEntries(
    Object.entries({ name, namespace, uid, resourceVersion, creationTimestamp, labels, annotations }).filter(
      ([, value]) => value !== undefined,
    ),
  );
  const rest = Object.fromEntries(Object.entries(object).filter(([field]) => field !== "metadata" && field !== "status"));
  return { ...rest, apiVersion, kind, metadata: metadata as unknown as KubeObject["metadata"] };
}
