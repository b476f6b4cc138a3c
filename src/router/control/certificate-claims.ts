import type { ObjectProblem, TlsClaim } from "../../ingress/index.ts";
import type { CertificatePair } from "../../proxy/index.ts";
import { commonHost } from "../../x509/index.ts";
import type { TlsSecret } from "./tls-secrets.ts";

/** Which certificates are served for which hosts, and what is wrong with who asked for them. */
export interface AssignedCertificates {
  /** By name; a certificate that no host gets is left out. */
  readonly pairs: readonly CertificatePair[];
  readonly problems: readonly ObjectProblem[];
}

/**
 * Gives each host the certificate of who asked first (`claims` are in that order), among those that name the host; one that has expired
 * comes after all others.
 */
export function assignCertificates(
  claims: readonly TlsClaim[],
  secrets: ReadonlyMap<string, TlsSecret>,
  wallMs: number,
): AssignedCertificates {
  const problems: ObjectProblem[] = [];
  const tell = ({ owner }: TlsClaim, message: string): void =>
    void problems.push({ ...owner, code: "INGRESS_TLS", message, effect: "ignored" });
  const asked = new Map<string, TlsClaim[]>();
  for (const claim of claims) {
    const secret = secrets.get(claim.secret);
    if (claim.foreignHosts.length > 0)
      tell(claim, `${claim.place}.hosts: it has no routes for ${listed(claim.foreignHosts)}, so the certificate is not served for that`);
    if (secret === undefined) {
      tell(claim, `${claim.place}.secretName: there is no Secret ${claim.secret} of type kubernetes.io/tls that can be served`);
      continue;
    }
    const { hosts = secret.hosts } = claim;
    const named = new Set(hosts.flatMap((host) => secret.hosts.map((one) => commonHost(host, one)).filter((both) => both !== undefined)));
    for (const host of named) asked.set(host, [...(asked.get(host) ?? []), claim]);
    const unnamed = hosts.filter((host) => !secret.hosts.some((one) => commonHost(host, one) !== undefined));
    if (unnamed.length > 0) tell(claim, `${claim.place}: the certificate of Secret ${claim.secret} is not for ${listed(unnamed)}`);
  }
  const served = new Map<string, string[]>();
  const isValid = ({ secret }: TlsClaim): boolean => (secrets.get(secret)?.expiresAtMs ?? 0) > wallMs;
  for (const [host, rivals] of asked) {
    const first = rivals.find(isValid) ?? rivals[0];
    if (first === undefined) continue;
    served.set(first.secret, [...(served.get(first.secret) ?? []), host]);
    for (const rival of rivals.filter(({ secret }) => secret !== first.secret))
      tell(rival, `${rival.place}: ${host} is served with the certificate of Secret ${first.secret}, which ${nameOf(first)} asks for`);
  }
  const pairs = [...served].flatMap(([name, hosts]) => {
    const secret = secrets.get(name);
    return secret === undefined ? [] : [{ name, certificate: secret.certificate, key: secret.key, hosts: hosts.toSorted() }];
  });
  return { pairs: pairs.toSorted((left, right) => (left.name < right.name ? -1 : 1)), problems };
}

function listed(hosts: readonly string[]): string {
  return hosts.slice(0, 10).join(", ") + (hosts.length > 10 ? `, and ${hosts.length - 10} more` : "");
}

function nameOf({ owner: { kind, namespace, name } }: TlsClaim): string {
  return `${kind} ${namespace}/${name}`;
}
