import type { X509Certificate } from "node:crypto";

/** The host names and addresses that a certificate is for (subjectAltName, RFC 9525), lower case; a wildcard as `*.example.org`. */
export function certificateHosts(certificate: X509Certificate): readonly string[] {
  const hosts: string[] = [];
  for (const entry of (certificate.subjectAltName ?? "").split(", ")) {
    // Node quotes a name that could be taken for two (CVE-2021-44532): such a one is no host.
    const host = /^DNS:((?:\*\.)?[a-z0-9_-]+(?:\.[a-z0-9_-]+)*)\.?$/i.exec(entry)?.[1];
    const address = /^IP Address:(\S+)$/.exec(entry)?.[1];
    if (host !== undefined) hosts.push(host.toLowerCase());
    // No client sends an address as server name (RFC 6066 section 3), but one that connects to an address can take the default for it.
    else if (address !== undefined) hosts.push(address.toLowerCase());
  }
  return hosts;
}

/** What two names, each a host or a wildcard for one label, are both for; undefined for nothing. */
export function commonHost(one: string, other: string): string | undefined {
  if (one === other || isUnder(one, other)) return one;
  return isUnder(other, one) ? other : undefined;
}

function isUnder(host: string, wildcard: string): boolean {
  return wildcard.startsWith("*.") && !host.startsWith("*.") && host.slice(host.indexOf(".")) === wildcard.slice(1);
}
