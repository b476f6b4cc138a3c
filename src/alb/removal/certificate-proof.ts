import { type Certificate, chooseCertificate } from "../model/certificate-choice.ts";

/** What the certificate service says of one certificate, asked by its ARN. */
export type CertificateNow =
  | { readonly state: "gone" }
  /** `names`: the hosts it is for. */
  | { readonly state: "there"; readonly names: readonly string[] };

/** A certificate that should go from a listener, and what stays there. */
export interface CertificateRemoval {
  readonly arn: string;
  readonly now: CertificateNow;
  /** Hosts of all objects that the load balancer serves. */
  readonly hosts: readonly string[];
  /** What stays on the listener; one that is not known serves nobody. */
  readonly staying: readonly string[];
  /** Certificates that can be used now, by ARN. */
  readonly usable: ReadonlyMap<string, Certificate>;
}

/**
 * Why a certificate has to stay on its listener; undefined when it may go: another one stays, and every host that it may serve is served by one that
 * stays. That its list lacks a certificate says nothing of it; a dead one is no exception, as clients may go on with it where there is none else.
 */
export function whyCertificateStays({ arn, now, hosts, staying, usable }: CertificateRemoval, nowMs: number): string | undefined {
  if (staying.length === 0) return `${arn} is the last one of its listener`;
  const left = staying.flatMap((one) => usable.get(one) ?? []);
  // Of one that is gone nobody knows any more whom it was for.
  const served = now.state === "gone" ? hosts : hosts.filter((host) => isFor(now.names, host));
  const lost = served.filter((host) => chooseCertificate(host, left, nowMs) === undefined);
  if (lost.length === 0) return undefined;
  const [first, ...more] = lost;
  return `no other certificate on the listener is for ${first ?? ""}${more.length === 0 ? "" : ` and ${more.length} more hosts`}`;
}

function isFor(names: readonly string[], host: string): boolean {
  const dot = host.indexOf(".");
  return names.includes(host) || (dot > 0 && names.includes(`*${host.slice(dot)}`));
}
