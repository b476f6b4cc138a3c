import { type Certificate, chooseCertificate, latestCertificate } from "./certificate-choice.ts";
import { type Claim, type ClaimProblem, ownerKey } from "./claim.ts";

/** More of them in a message help nobody. */
const NAMED_HOSTS = 5;

/** Finds certificates by the names that they are for. */
export interface CertificateIndex {
  readonly byArn: ReadonlyMap<string, Certificate>;
  readonly byName: ReadonlyMap<string, readonly Certificate[]>;
}

export function indexCertificates(certificates: readonly Certificate[]): CertificateIndex {
  const byName = new Map<string, Certificate[]>();
  for (const certificate of certificates)
    for (const name of certificate.names) {
      const known = byName.get(name);
      if (known === undefined) byName.set(name, [certificate]);
      else known.push(certificate);
    }
  return { byArn: new Map(certificates.map((certificate) => [certificate.arn, certificate])), byName };
}

/** ARNs of the certificates that a claim needs. A host without one is told, and takes nothing from the others. */
export function wantedCertificates(
  claim: Claim,
  index: CertificateIndex,
  nowMs: number,
  tell: (problem: ClaimProblem) => void,
): ReadonlySet<string> {
  const owner = ownerKey(claim.owner);
  const { hosts, certificateArns, wishes } = claim;
  if (wishes.listenPorts?.every(({ protocol }) => protocol === "HTTP" || protocol === "TCP") === true) return new Set();
  if (certificateArns.length > 0) {
    const known = certificateArns.filter((arn) => index.byArn.has(arn));
    const missing = certificateArns.filter((arn) => !index.byArn.has(arn));
    if (missing.length > 0)
      tell({
        owner,
        reason: "CertificateNotFound",
        message: `there is no issued certificate ${listed(missing)} in this account and region: name another one, or leave the annotation out so that one is found by host`,
      });
    return new Set(known);
  }
  const wanted = new Set<string>();
  const without: string[] = [];
  const expired: string[] = [];
  for (const host of hosts) {
    const candidates = candidatesFor(host, index);
    const chosen = chooseCertificate(host, candidates, nowMs);
    // One that ended is no worse than one for another name, and clients' owners may know how to go on with it.
    const used = chosen ?? latestCertificate(host, candidates, nowMs);
    if (used === undefined) without.push(host);
    else {
      wanted.add(used.arn);
      if (chosen === undefined) expired.push(host);
    }
  }
  if (without.length > 0)
    tell({
      owner,
      reason: "CertificateNotFound",
      message: `no certificate is for ${listed(without)}: request one in ACM, or name one with the annotation zalando.org/aws-load-balancer-ssl-cert; without one HTTPS clients are shown another name`,
    });
  if (expired.length > 0)
    tell({
      owner,
      reason: "CertificateExpired",
      message: `the only certificate for ${listed(expired)} has ended: renew it in ACM or import another one`,
    });
  return wanted;
}

function candidatesFor(host: string, { byName }: CertificateIndex): readonly Certificate[] {
  const exact = byName.get(host) ?? [];
  const dot = host.indexOf(".");
  const wildcard = dot > 0 ? (byName.get(`*${host.slice(dot)}`) ?? []) : [];
  return host.startsWith("*") ? exact : [...exact, ...wildcard];
}

function listed(all: readonly string[]): string {
  const named = all.slice(0, NAMED_HOSTS).join(", ");
  return all.length > NAMED_HOSTS ? `${named} and ${all.length - NAMED_HOSTS} more` : named;
}
