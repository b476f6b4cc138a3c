/** A certificate that a listener could use. */
export interface Certificate {
  readonly arn: string;
  /** The names it is for, lower case; `*.example.org` is for one label. */
  readonly names: readonly string[];
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

/** With less than this left, one that lasts longer is preferred, even if it is for less exact a name. */
const ENDING_MS = 7 * 24 * 3_600_000;

/**
 * The certificate for a host: one that is valid for a while goes before one that ends soon, an exact name before a wildcard, then the newest, then
 * the one that lasts longest; ARNs decide what is left, so that the choice does not depend on the order of a list. Undefined when none
 * is for the host and valid now.
 */
export function chooseCertificate(host: string, certificates: readonly Certificate[], nowMs: number): Certificate | undefined {
  let best: Certificate | undefined;
  for (const certificate of certificates) {
    if (certificate.notBeforeMs > nowMs || certificate.notAfterMs <= nowMs || exactness(certificate, host) === 0) continue;
    if (best === undefined || compare(certificate, best, host, nowMs) < 0) best = certificate;
  }
  return best;
}

/** Of those for a host that have ended, the one that lasted longest. */
export function latestCertificate(host: string, certificates: readonly Certificate[], nowMs: number): Certificate | undefined {
  return certificates
    .filter((certificate) => certificate.notAfterMs <= nowMs && exactness(certificate, host) > 0)
    .toSorted((one, other) => other.notAfterMs - one.notAfterMs || (one.arn < other.arn ? -1 : 1))[0];
}

/** Below zero when `one` is better. */
function compare(one: Certificate, other: Certificate, host: string, nowMs: number): number {
  const ends = ({ notAfterMs }: Certificate): number => Number(notAfterMs - nowMs < ENDING_MS);
  return (
    ends(one) - ends(other) ||
    exactness(other, host) - exactness(one, host) ||
    other.notBeforeMs - one.notBeforeMs ||
    other.notAfterMs - one.notAfterMs ||
    (one.arn < other.arn ? -1 : 1)
  );
}

/** 2: by its name, 1: by a wildcard, 0: not. A wildcard stands for exactly one label (RFC 9525 section 6.3). */
function exactness({ names }: Certificate, host: string): number {
  if (names.includes(host)) return 2;
  const dot = host.indexOf(".");
  return dot > 0 && names.includes(`*${host.slice(dot)}`) ? 1 : 0;
}
