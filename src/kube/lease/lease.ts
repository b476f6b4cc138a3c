import { isRecord } from "../../kernel/index.ts";
import type { KubeObject } from "../resource.ts";

/** What a Lease of coordination.k8s.io/v1 says of who leads. What is not there, or is not of its type, is undefined: then nobody holds it. */
export interface LeaseRecord {
  readonly holder: string | undefined;
  readonly durationMs: number | undefined;
  readonly transitions: number;
  readonly resourceVersion: string;
}

/** A Lease as the API server has it, with all its fields. */
export interface LeaseObject extends KubeObject {
  readonly spec?: unknown;
}

export function readLease(lease: LeaseObject): LeaseRecord {
  const spec = isRecord(lease.spec) ? lease.spec : {};
  const { holderIdentity, leaseDurationSeconds, leaseTransitions } = spec;
  return {
    holder: typeof holderIdentity === "string" && holderIdentity !== "" ? holderIdentity : undefined,
    durationMs: typeof leaseDurationSeconds === "number" && leaseDurationSeconds > 0 ? leaseDurationSeconds * 1000 : undefined,
    transitions: typeof leaseTransitions === "number" && Number.isSafeInteger(leaseTransitions) ? Math.max(0, leaseTransitions) : 0,
    resourceVersion: lease.metadata.resourceVersion ?? "",
  };
}

/** What a holder writes. */
export interface LeaseTerms {
  /** Empty: it is given back. */
  readonly holder: string;
  readonly durationSeconds: number;
  readonly transitions: number;
  /** Left out: as it was. */
  readonly acquiredAtMs?: number;
  readonly renewedAtMs: number;
}

/** `lease` with new terms and all else as it was; its `resourceVersion` is the condition under which the API server takes it. */
export function withTerms(lease: LeaseObject, terms: LeaseTerms): LeaseObject {
  const spec = isRecord(lease.spec) ? lease.spec : {};
  return {
    ...lease,
    spec: {
      ...spec,
      holderIdentity: terms.holder,
      leaseDurationSeconds: terms.durationSeconds,
      leaseTransitions: terms.transitions,
      renewTime: microTime(terms.renewedAtMs),
      ...(terms.acquiredAtMs === undefined ? {} : { acquireTime: microTime(terms.acquiredAtMs) }),
    },
  };
}

/** `MicroTime` of Kubernetes: RFC 3339 with six decimals. */
function microTime(wallMs: number): string {
  return new Date(wallMs).toISOString().replace("Z", "000Z");
}
