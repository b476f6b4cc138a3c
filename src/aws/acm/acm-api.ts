import type * as sdk from "@aws-sdk/client-acm";
import type { AppError, Clock } from "../../kernel/index.ts";
import { type AnswerFields, incomplete } from "../answer-fields.ts";
import type { CertificateRecord, Certificates } from "../certificate-record.ts";
import { type Paging, type Service, tokenIn } from "../service.ts";
import { sideBySide } from "../side-by-side.ts";

const PAGE = 1_000;
const AT_A_TIME = 4;
/** How long tags and details of a certificate are taken to be as they were. */
const REMEMBERED_MS = 30 * 60_000;
/** All that there are (API reference of Filters): without them ListCertificates lists RSA keys of up to 2048 bits alone. */
const KEY_TYPES = [
  "RSA_1024",
  "RSA_2048",
  "RSA_3072",
  "RSA_4096",
  "EC_prime256v1",
  "EC_secp384r1",
  "EC_secp521r1",
] as const satisfies readonly sdk.KeyAlgorithm[];

type Tags = ReadonlyMap<string, string>;
type Summary = { readonly arn: string; readonly isWhole: boolean } & Omit<CertificateRecord, "tags">;

interface Remembered<T> {
  readonly value: T;
  readonly atMs: number;
}

/** AWS Certificate Manager: the certificates that load balancers can use. */
export class AcmApi {
  readonly #service: Service<sdk.ACM>;
  readonly #clock: Clock;
  readonly #details = new Map<string, Remembered<CertificateRecord>>();
  readonly #tags = new Map<string, Remembered<Tags>>();

  constructor(service: Service<sdk.ACM>, clock: Clock) {
    this.#service = service;
    this.#clock = clock;
  }

  /** Of all types of keys and in all states. Mostly one call: only what the list does not say is asked for one by one. */
  async certificates({ withTags }: { readonly withTags: boolean }): Promise<Certificates> {
    const summaries = await this.#list();
    this.#forgetAllBut(new Set(summaries.map(({ arn }) => arn)));
    const results = await sideBySide(summaries, AT_A_TIME, async ({ isWhole, ...summary }): Promise<CertificateRecord> => {
      const whole = isWhole ? summary : await this.#remembered(this.#details, summary.arn, () => this.certificate(summary.arn));
      const tags = withTags ? await this.#remembered(this.#tags, summary.arn, () => this.tags(summary.arn)) : undefined;
      return { ...whole, status: summary.status, tags };
    });
    const certificates: CertificateRecord[] = [];
    const unreadable: { readonly arn: string; readonly error: AppError }[] = [];
    for (const [at, result] of results.entries()) {
      if ("value" in result) certificates.push(result.value);
      // Deleted since it was listed: it is not there.
      else if (result.error.code !== "AWS_NOT_FOUND") unreadable.push({ arn: summaries[at]?.arn ?? "", error: result.error });
    }
    return { certificates, unreadable };
  }

  /** By its ARN, now. Rejects with `AWS_NOT_FOUND` when it is gone. */
  async certificate(arn: string): Promise<CertificateRecord> {
    return this.#service.call(
      "DescribeCertificate",
      "read",
      (client, options) => client.describeCertificate({ CertificateArn: arn }, options),
      (answer) => {
        const fields = answer.structure("Certificate");
        if (fields.text("CertificateArn") !== arn) throw incomplete(`DescribeCertificate: ${arn}`, "was asked for and is missing");
        const names = [fields.text("DomainName"), ...fields.textsOrEmpty("SubjectAlternativeNames")];
        return { ...recordOf(fields, names), keyAlgorithm: fields.optionalText("KeyAlgorithm"), tags: undefined };
      },
    );
  }

  async tags(arn: string): Promise<Tags> {
    return this.#service.call(
      "ListTagsForCertificate",
      "read",
      (client, options) => client.listTagsForCertificate({ CertificateArn: arn }, options),
      (answer) => new Map(answer.list("Tags", (tag) => [tag.text("Key"), tag.textOrEmpty("Value")] as const)),
    );
  }

  #list(): Promise<readonly Summary[]> {
    const pages: Paging<Summary> = {
      entries: "CertificateSummaryList",
      read: readSummary,
      keyOf: ({ arn }) => arn,
      next: tokenIn("NextToken"),
    };
    return this.#service.list("ListCertificates", pages, (client, NextToken, options) =>
      client.listCertificates({ NextToken, MaxItems: PAGE, Includes: { keyTypes: [...KEY_TYPES] } }, options),
    );
  }

  async #remembered<T>(known: Map<string, Remembered<T>>, arn: string, read: () => Promise<T>): Promise<T> {
    const before = known.get(arn);
    if (before !== undefined && this.#clock.monoMs() - before.atMs < REMEMBERED_MS) return before.value;
    const value = await read();
    known.set(arn, { value, atMs: this.#clock.monoMs() });
    return value;
  }

  #forgetAllBut(arns: ReadonlySet<string>): void {
    for (const known of [this.#details, this.#tags]) for (const arn of known.keys()) if (!arns.has(arn)) known.delete(arn);
  }
}

/** What the list says of a certificate; `isWhole` when that is all of it. */
function readSummary(fields: AnswerFields): Summary {
  const record = recordOf(fields, [
    ...(fields.has("DomainName") ? [fields.text("DomainName")] : []),
    ...fields.textsOrEmpty("SubjectAlternativeNameSummaries"),
  ]);
  const hasDates = record.notBeforeMs !== undefined && record.notAfterMs !== undefined;
  const hasNames = fields.has("SubjectAlternativeNameSummaries") && fields.optionalFlag("HasAdditionalSubjectAlternativeNames") !== true;
  return { ...record, keyAlgorithm: fields.optionalText("KeyAlgorithm"), isWhole: hasNames && (hasDates || record.status !== "ISSUED") };
}

function recordOf(fields: AnswerFields, names: readonly string[]): Omit<CertificateRecord, "tags" | "keyAlgorithm"> {
  return {
    arn: fields.text("CertificateArn"),
    names: [...new Set(names.map((name) => name.toLowerCase()))],
    status: fields.text("Status"),
    notBeforeMs: fields.optionalTime("NotBefore"),
    notAfterMs: fields.optionalTime("NotAfter"),
  };
}
