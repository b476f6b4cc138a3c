import type { CertificateRecord } from "../certificates/records.ts";
import { usersOfCertificate } from "../certificates/users.ts";
import { isPending } from "./request.ts";
import { AwsError } from "../wire/aws-error.ts";
import { integer, requiredText, text, texts } from "../wire/inputs.ts";
import type { Fields } from "../wire/query-input.ts";
import type { Read } from "../world/actions.ts";
import { pageOf } from "../world/paging.ts";
import type { AwsWorld } from "../world/world.ts";

const LARGEST_PAGE = 1_000;
const MOST_NAMES_SHOWN = 100;
/** What is listed where no types of keys are asked for: without `Includes.keyTypes` a certificate with an EC key is not in the list. */
const LISTED_KEYS: readonly string[] = ["RSA_1024", "RSA_2048"];

export const listCertificates: Read = (world, { input, nowMs }) => {
  const statuses = texts(input, "CertificateStatuses") ?? [];
  const includes = (input["Includes"] ?? {}) as Fields;
  const asked = texts(includes, "keyTypes") ?? [];
  const keys = asked.length > 0 ? asked : LISTED_KEYS;
  if ((text(input, "SortBy") === undefined) !== (text(input, "SortOrder") === undefined))
    throw new AwsError("ValidationException", "SortBy and SortOrder must be specified together");
  const wanted = [...world.certificates.values()].filter(
    (one) =>
      one.store.of === "acm" && keys.includes(one.keyAlgorithm) && (statuses.length === 0 || statuses.includes(statusOf(one, nowMs))),
  );
  const found = pageOf(wanted, sortKey(input), {
    size: integer(input, "MaxItems") ?? LARGEST_PAGE,
    token: text(input, "NextToken"),
    refusal: () => new AwsError("ValidationException", "The NextToken is not valid"),
  });
  const list = found.page.map((record) => shownSummary(world, record, nowMs));
  return { CertificateSummaryList: list, ...(found.next === undefined ? {} : { NextToken: found.next }) };
};

function sortKey(input: Fields): (record: CertificateRecord) => string {
  if (text(input, "SortBy") === undefined) return ({ arn }) => arn;
  const isDescending = text(input, "SortOrder") === "DESCENDING";
  return ({ arn, createdAtMs }) => {
    const rank = isDescending ? Number.MAX_SAFE_INTEGER - createdAtMs : createdAtMs;
    return `${String(rank).padStart(16, "0")} ${arn}`;
  };
}

export const describeCertificate: Read = (world, { input, nowMs }) => {
  const record = certificate(world, requiredText(input, "CertificateArn"));
  return {
    Certificate: {
      CertificateArn: record.arn,
      ...shownDates(record, nowMs),
      DomainName: record.domainName,
      SubjectAlternativeNames: record.alternativeNames,
      Subject: record.subject,
      ...(isPending(record, nowMs) ? {} : { Serial: record.serial, Issuer: record.issuer }),
      ...shownValidation(record, nowMs),
      Status: statusOf(record, nowMs),
      KeyAlgorithm: record.keyAlgorithm,
      InUseBy: usersOfCertificate(world, record.arn),
      Type: record.requested === undefined ? "IMPORTED" : "AMAZON_ISSUED",
      KeyUsages: [],
      ExtendedKeyUsages: [],
      RenewalEligibility: "INELIGIBLE",
      Options: { CertificateTransparencyLoggingPreference: "DISABLED" },
    },
  };
};

export const listTagsForCertificate: Read = (world, { input }) => {
  const { arn } = certificate(world, requiredText(input, "CertificateArn"));
  return { Tags: [...(world.tags.get(arn) ?? [])].map(([key, value]) => ({ Key: key, Value: value })) };
};

/** Throws AwsError `ResourceNotFoundException`, `InvalidArnException`. */
export function certificate(world: AwsWorld, arn: string): CertificateRecord {
  if (!/^arn:aws:acm:[a-z0-9-]+:\d{12}:certificate\/[\w-]+$/.test(arn))
    throw new AwsError("InvalidArnException", `The certificate ARN ${arn} is not valid`);
  const found = world.certificates.get(arn);
  const account = arn.split(":")[4] ?? "";
  if (found?.store.of !== "acm")
    throw new AwsError("ResourceNotFoundException", `Could not find certificate ${arn} in account ${account}.`);
  return found;
}

function statusOf(record: CertificateRecord, nowMs: number): "PENDING_VALIDATION" | "ISSUED" | "EXPIRED" {
  if (isPending(record, nowMs)) return "PENDING_VALIDATION";
  return nowMs > record.notAfterMs ? "EXPIRED" : "ISSUED";
}

function shownSummary(world: AwsWorld, record: CertificateRecord, nowMs: number): Fields {
  return {
    CertificateArn: record.arn,
    ...shownDates(record, nowMs),
    DomainName: record.domainName,
    SubjectAlternativeNameSummaries: record.alternativeNames.slice(0, MOST_NAMES_SHOWN),
    HasAdditionalSubjectAlternativeNames: record.alternativeNames.length > MOST_NAMES_SHOWN,
    Status: statusOf(record, nowMs),
    Type: record.requested === undefined ? "IMPORTED" : "AMAZON_ISSUED",
    KeyAlgorithm: record.keyAlgorithm,
    KeyUsages: [],
    ExtendedKeyUsages: [],
    InUse: usersOfCertificate(world, record.arn).length > 0,
    RenewalEligibility: "INELIGIBLE",
  };
}

/** One that is pending says not yet how long it is valid. */
function shownDates(record: CertificateRecord, nowMs: number): Fields {
  const { createdAtMs, importedAtMs, notBeforeMs, notAfterMs, requested } = record;
  const validity = { NotBefore: new Date(notBeforeMs), NotAfter: new Date(notAfterMs) };
  if (requested === undefined) return { CreatedAt: new Date(createdAtMs), ImportedAt: new Date(importedAtMs), ...validity };
  return {
    CreatedAt: new Date(createdAtMs),
    ...(isPending(record, nowMs) ? {} : { IssuedAt: new Date(requested.issuedAtMs), ...validity }),
  };
}

function shownValidation(record: CertificateRecord, nowMs: number): Fields {
  if (record.requested === undefined) return {};
  const status = isPending(record, nowMs) ? "PENDING_VALIDATION" : "SUCCESS";
  return {
    DomainValidationOptions: record.alternativeNames.map((name) => ({
      DomainName: name,
      ValidationDomain: name,
      ValidationStatus: status,
      ValidationMethod: "DNS",
    })),
  };
}
