import type { Certificate } from "../model/certificate-choice.ts";
import type { Claim } from "../model/claim.ts";

const DAY_MS = 86_400_000;
/** What tests call now. */
export const NOW_MS = Date.UTC(2027, 0, 15);

export const LAYOUT_OPTIONS = { clusterId: "shop", controllerId: "main", mostCertificates: 24 };

/** A claim of `Ingress default/NAME` for these hosts, with all else as the controller has it. */
export function claimOf(name: string, hosts: readonly string[], more: Partial<Claim> = {}): Claim {
  return {
    owner: { kind: "Ingress", namespace: "default", name, uid: `uid-${name}` },
    hosts,
    sharing: { by: "all" },
    order: 0,
    kind: { type: "application", scheme: "internet-facing", targetType: "instance" },
    saidKind: [],
    wishes: {},
    certificateArns: [],
    statusHosts: [],
    ...more,
  };
}

/** A certificate `arn:ID` for these names, valid for a year from 30 days ago. */
export function certificateOf(id: string, names: readonly string[], more: Partial<Certificate> = {}): Certificate {
  return { arn: arnOf(id), names, notBeforeMs: NOW_MS - 30 * DAY_MS, notAfterMs: NOW_MS + 335 * DAY_MS, ...more };
}

export function arnOf(id: string): string {
  return `arn:aws:acm:eu-central-1:123456789012:certificate/${id}`;
}
