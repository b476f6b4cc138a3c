import { AppError, isRecord } from "../../kernel/index.ts";
import type { KubeObject } from "../../kube/index.ts";

const ANNOTATIONS =
  /^(?:alb\.ingress\.kubernetes\.io\/|holdfast\.dev\/|zalando\.org\/(?:aws-|routegroup\.class$)|kubernetes\.io\/ingress\.class$)/;

/** As much of an Ingress, RouteGroup or IngressClass as claims are read from: hundreds of them have to fit into a ConfigMap. */
export function claimObject(object: KubeObject): KubeObject {
  const { apiVersion, kind, metadata } = object;
  const { name, namespace, uid, resourceVersion, generation, deletionTimestamp } = metadata;
  const annotations = Object.fromEntries(
    Object.entries(metadata.annotations ?? {}).filter(([key]) => kind === "IngressClass" || ANNOTATIONS.test(key)),
  );
  const { spec, status } = object as { readonly spec?: unknown; readonly status?: unknown };
  return defined({
    apiVersion,
    kind,
    metadata: defined({ name, namespace, uid, resourceVersion, generation, deletionTimestamp, annotations }),
    spec: isRecord(spec) ? specOf(spec) : spec,
    status: isRecord(status) ? defined({ loadBalancer: status["loadBalancer"], conditions: status["conditions"] }) : status,
  }) as unknown as KubeObject;
}

/** Reads one back from the state. Throws AppError `HOLD_STATE`. */
export function restoreClaimObject(value: unknown): KubeObject {
  const metadata = isRecord(value) ? value["metadata"] : undefined;
  if (!isRecord(value) || !isRecord(metadata) || typeof value["kind"] !== "string" || typeof metadata["name"] !== "string")
    throw new AppError("HOLD_STATE", "a saved object has no kind or no name");
  return value as unknown as KubeObject;
}

function specOf(spec: Readonly<Record<string, unknown>>): object {
  const { ingressClassName, controller, hosts, rules, tls } = spec;
  return defined({ ingressClassName, controller, hosts, rules: mapped(rules, "host"), tls: mapped(tls, "hosts") });
}

/** Of each item of a list this field alone; what is no list of objects stays, so that whoever reads it says what is wrong. */
function mapped(value: unknown, field: string): unknown {
  if (!Array.isArray(value)) return value;
  return value.map((item: unknown) => (isRecord(item) ? defined({ [field]: item[field] }) : item));
}

function defined(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
