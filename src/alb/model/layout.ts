import { createHash } from "node:crypto";
import { type Certificate, chooseCertificate } from "./certificate-choice.ts";
import { type Claim, type Profile, profileKey } from "./claim.ts";

/** A load balancer that should be. */
export interface DesiredLoadBalancer {
  /** Says whose it is and what for, so that whoever comes again finds it: at most 32 letters, digits and hyphens. */
  readonly name: string;
  readonly profile: Profile;
  /** The claim that has it for itself. */
  readonly exclusiveOwner: string | undefined;
  /** ARNs, sorted. */
  readonly certificates: readonly string[];
  /** Owners of the claims it serves, sorted. */
  readonly owners: readonly string[];
}

/** What is there: which of our load balancers has which certificates. */
export interface PlacedLoadBalancer {
  readonly name: string;
  readonly certificates: readonly string[];
}

/** What could not be placed, and why. */
export interface LayoutProblem {
  readonly owner: string;
  readonly message: string;
}

export interface Layout {
  /** By name. */
  readonly loadBalancers: readonly DesiredLoadBalancer[];
  readonly problems: readonly LayoutProblem[];
  /** The load balancer of each claim, by owner. */
  readonly placeOf: ReadonlyMap<string, string>;
}

export interface LayoutOptions {
  readonly clusterId: string;
  /** AWS allows 25 beside the default one. One place is left free, so that a certificate can be added before another goes. */
  readonly mostCertificates: number;
}

interface Draft {
  readonly name: string;
  readonly profile: Profile;
  readonly exclusiveOwner: string | undefined;
  readonly certificates: Set<string>;
  readonly owners: string[];
}

/**
 * Which load balancers there should be, and which claim each serves. Pure. A claim stays where its certificates are, so that nothing moves
 * because something else came or went; what is new goes to the first with room. A host without a certificate is reported and costs nobody
 * anything: its claim is placed for the rest, or for HTTP alone.
 */
export function layOut(
  claims: readonly Claim[],
  certificates: readonly Certificate[],
  placed: readonly PlacedLoadBalancer[],
  options: LayoutOptions,
  nowMs: number,
): Layout {
  const problems: LayoutProblem[] = [];
  const known = new Map(certificates.map((certificate) => [certificate.arn, certificate]));
  const drafts = new Map<string, Draft>();
  const placeOf = new Map<string, string>();
  const there = new Map(placed.map((one) => [one.name, new Set(one.certificates)]));
  for (const claim of claims.toSorted((one, other) => (one.owner < other.owner ? -1 : 1))) {
    const wanted = certificatesFor(claim, known, certificates, nowMs, problems);
    if (wanted.size > options.mostCertificates) {
      problems.push({
        owner: claim.owner,
        message: `its hosts need ${wanted.size} certificates and a load balancer takes ${options.mostCertificates}: split it, or use wildcards`,
      });
      continue;
    }
    const draft = placeFor(claim, wanted, drafts, there, options);
    for (const arn of wanted) draft.certificates.add(arn);
    draft.owners.push(claim.owner);
    placeOf.set(claim.owner, draft.name);
  }
  const loadBalancers = [...drafts.values()]
    .map(({ certificates: held, ...rest }) => ({ ...rest, certificates: [...held].toSorted() }))
    .toSorted((one, other) => (one.name < other.name ? -1 : 1));
  return { loadBalancers, problems, placeOf };
}

function certificatesFor(
  { owner, hosts, certificateArns }: Claim,
  known: ReadonlyMap<string, Certificate>,
  certificates: readonly Certificate[],
  nowMs: number,
  problems: LayoutProblem[],
): ReadonlySet<string> {
  const wanted = new Set<string>();
  for (const arn of certificateArns) {
    if (known.has(arn)) wanted.add(arn);
    else problems.push({ owner, message: `there is no certificate ${arn} in this account and region, or it is not issued` });
  }
  if (certificateArns.length > 0) return wanted;
  for (const host of hosts) {
    const found = chooseCertificate(host, certificates, nowMs);
    if (found === undefined)
      problems.push({
        owner,
        message: `no certificate is for ${host}: request one in ACM, or name one with the annotation zalando.org/aws-load-balancer-ssl-cert`,
      });
    else wanted.add(found.arn);
  }
  return wanted;
}

function placeFor(
  claim: Claim,
  wanted: ReadonlySet<string>,
  drafts: Map<string, Draft>,
  there: ReadonlyMap<string, ReadonlySet<string>>,
  { clusterId, mostCertificates }: LayoutOptions,
): Draft {
  const exclusiveOwner = claim.isExclusive ? claim.owner : undefined;
  const key = `${profileKey(claim.profile)} ${exclusiveOwner ?? ""}`;
  let best: Draft | undefined;
  let mostShared = -1;
  for (let ordinal = 0; ; ordinal++) {
    const name = nameOf(clusterId, key, ordinal);
    const existing = drafts.get(name);
    const draft = existing ?? { name, profile: claim.profile, exclusiveOwner, certificates: new Set<string>(), owners: [] };
    const after = new Set([...draft.certificates, ...wanted]);
    const isThere = there.has(name);
    if (after.size <= mostCertificates) {
      const shared = [...wanted].filter((arn) => draft.certificates.has(arn) || there.get(name)?.has(arn) === true).length;
      if (shared > mostShared) {
        best = draft;
        mostShared = shared;
      }
    }
    // Beyond the last that is there or drafted, all are alike.
    if (existing === undefined && !isThere) break;
  }
  // The last one looked at is empty, so there always is one.
  if (best === undefined) throw new Error("a load balancer without certificates takes every claim");
  drafts.set(best.name, best);
  return best;
}

/** `hf-CLUSTER-HASH`: two clusters of an account never meet, and a cluster that is asked again gives the same name. */
export function nameOf(clusterId: string, key: string, ordinal: number): string {
  const hash = createHash("sha256").update(`${clusterId}\n${key}\n${ordinal}`).digest("hex").slice(0, 12);
  const cluster = clusterId
    .replaceAll(/[^A-Za-z0-9]+/g, "-")
    .replaceAll(/^-+|-+$/g, "")
    .slice(0, 14);
  return `hf-${cluster === "" ? "cluster" : cluster.replace(/-$/, "")}-${hash}`;
}
