import type { Aws, CertificateRecord, Certificates } from "../../aws/index.ts";
import type { Evidence } from "../evidence.ts";
import type { Certificate } from "../model/certificate-choice.ts";
import { BelievedList } from "./believed-list.ts";
import { both } from "./evidence-of.ts";
import type { Believed } from "./losses.ts";
import type { ObserveDeps } from "./reading.ts";

/** ACM's words for what a certificate is in (API reference, CertificateDetail). */
const STATES: ReadonlySet<string> = new Set([
  "PENDING_VALIDATION",
  "ISSUED",
  "INACTIVE",
  "EXPIRED",
  "VALIDATION_TIMED_OUT",
  "REVOKED",
  "FAILED",
]);

export interface CertificateOptions {
  /** Only certificates with this tag are chosen by themselves or by name. */
  readonly filterTag: readonly [key: string, value: string] | undefined;
  /** ARNs that are never used. */
  readonly excluded: ReadonlySet<string>;
  /** Those of IAM too, from before there was ACM. */
  readonly readsIam: boolean;
  readonly everyMs: number;
}

/** The certificates of ACM and IAM that listeners can have. */
export class CertificateReadings {
  readonly #options: CertificateOptions;
  readonly #acm: BelievedList<CertificateRecord>;
  readonly #iam: BelievedList<CertificateRecord> | undefined;
  /** ARNs of those that could not be read last time. */
  readonly #unreadable = new Map<"acm" | "iam", readonly string[]>();

  constructor({ acm, iam }: Pick<Aws, "acm" | "iam">, options: CertificateOptions, deps: ObserveDeps) {
    this.#options = options;
    const { everyMs } = options;
    const withTags = options.filterTag !== undefined;
    const keyOf = ({ arn }: CertificateRecord): string => arn;
    const known = (of: "acm" | "iam", list: () => BelievedList<CertificateRecord> | undefined) => async (read: Promise<Certificates>) =>
      this.#withKnown(of, await read, list()?.evidence());
    const ofAcm = known("acm", () => this.#acm);
    const ofIam = known("iam", () => this.#iam);
    this.#acm = new BelievedList(
      { keyOf, everyMs, read: () => ofAcm(acm.certificates({ withTags })), byId: (arn) => acm.certificate(arn) },
      deps,
    );
    this.#iam = options.readsIam
      ? new BelievedList({ keyOf, everyMs, read: () => ofIam(iam.certificates()), byId: (arn) => iam.certificate(nameIn(arn)) }, deps)
      : undefined;
  }

  async refresh(mostMs?: number): Promise<Evidence<readonly Certificate[]>> {
    await Promise.all([this.#acm.refresh(mostMs), this.#iam?.refresh(mostMs)]);
    const acm = this.#acm.evidence();
    const all = this.#iam === undefined ? acm : merged(acm, this.#iam.evidence());
    if (all.state === "unknown") return all;
    const { entries, doubts } = all.value;
    const value = [...entries.values()].flatMap((record) => this.#usable(record)).toSorted((one, other) => (one.arn < other.arn ? -1 : 1));
    const { atMs } = all;
    const [doubt] = doubts;
    if (all.state === "fresh" && doubt !== undefined)
      return { state: "doubtful", value, atMs, why: `certificate ${doubt[0]}: ${doubt[1]}` };
    return all.state === "fresh" ? { state: "fresh", value, atMs } : { state: all.state, value, atMs, why: all.why };
  }

  /** ARNs of certificates that could not be read last time; they are as they were when they could, or missing. */
  unreadable(): readonly string[] {
    return [...this.#unreadable.values()].flat().toSorted();
  }

  lookAgain(): void {
    this.#acm.lookAgain();
    this.#iam?.lookAgain();
  }

  /** One that cannot be read now, or is said to be in a state that nobody knows, is as it was. */
  #withKnown(
    of: "acm" | "iam",
    { certificates, unreadable }: Certificates,
    before: Evidence<Believed<CertificateRecord>> | undefined,
  ): readonly CertificateRecord[] {
    const known = before === undefined || before.state === "unknown" ? undefined : before.value.entries;
    this.#unreadable.set(
      of,
      unreadable.map(({ arn }) => arn),
    );
    const asRead = certificates.map((one) => (STATES.has(one.status) ? one : (known?.get(one.arn) ?? one)));
    return [...asRead, ...unreadable.flatMap(({ arn }) => known?.get(arn) ?? [])];
  }

  #usable({ arn, names, status, notBeforeMs, notAfterMs, tags }: CertificateRecord): readonly Certificate[] {
    const { filterTag, excluded } = this.#options;
    if (status !== "ISSUED" || notBeforeMs === undefined || notAfterMs === undefined || excluded.has(arn)) return [];
    if (filterTag !== undefined && tags?.get(filterTag[0]) !== filterTag[1]) return [];
    return [{ arn, names, notBeforeMs, notAfterMs }];
  }
}

/** When only one of them can be read, its certificates are used, and none is taken to be gone. */
function merged(
  acm: Evidence<Believed<CertificateRecord>>,
  iam: Evidence<Believed<CertificateRecord>>,
): Evidence<Believed<CertificateRecord>> {
  if (acm.state === "unknown" && iam.state !== "unknown") return { state: "stale", value: iam.value, atMs: iam.atMs, why: acm.why };
  if (iam.state === "unknown" && acm.state !== "unknown") return { state: "stale", value: acm.value, atMs: acm.atMs, why: iam.why };
  return both(acm, iam, (one, other) => ({
    entries: new Map([...one.entries, ...other.entries]),
    doubts: new Map([...one.doubts, ...other.doubts]),
  }));
}

/** `arn:aws:iam::123456789012:server-certificate/path/NAME` */
function nameIn(arn: string): string {
  return arn.slice(arn.lastIndexOf("/") + 1);
}
