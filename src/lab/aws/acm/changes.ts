import { type Refused, readCertificate } from "../certificates/pem.ts";
import type { CertificateRecord } from "../certificates/records.ts";
import { usersOfCertificate } from "../certificates/users.ts";
import { AwsError } from "../wire/aws-error.ts";
import { requiredText, structures, text } from "../wire/inputs.ts";
import type { Fields } from "../wire/query-input.ts";
import type { Write } from "../world/actions.ts";
import { uuid } from "../world/ids.ts";
import { withRecord, withTags } from "../world/world.ts";
import { certificate } from "./describe.ts";

const MOST_TAGS = 50;
/** Page "Quotas" of the guide: imported certificates of an account. */
const MOST_CERTIFICATES = 2_500;
const REASONS: Readonly<Record<Refused, string>> = {
  "no-certificate": "The certificate field contains more than one certificate or is not a valid certificate in PEM format.",
  "no-key": "The private key is not supported or is not in PEM format.",
  mismatch: "The private key does not match the certificate.",
  "unsupported-key": "The algorithm or size of the key is not supported.",
};

/** New, or in place of another whose ARN it then has. */
export const importCertificate: Write = (world, { input, account, region, nowMs }) => {
  const pem = requiredBytes(input, "Certificate");
  const facts = readCertificate(pem, requiredBytes(input, "PrivateKey"));
  if (typeof facts === "string") throw new AwsError("ValidationException", REASONS[facts]);
  if (facts.notAfterMs < nowMs) throw new AwsError("ValidationException", "The certificate is expired.");
  if (facts.notBeforeMs > nowMs) throw new AwsError("ValidationException", "The certificate is not valid yet.");
  const replaced = text(input, "CertificateArn");
  const tags = tagsIn(input);
  if (replaced !== undefined && tags.size > 0)
    throw new AwsError("ValidationException", "Tags cannot be given where a certificate is imported again.");
  const before = replaced === undefined ? undefined : certificate(world, replaced);
  if (before === undefined && world.certificates.size >= MOST_CERTIFICATES)
    throw new AwsError("LimitExceededException", `The maximum number of certificates has been reached: ${MOST_CERTIFICATES}`);
  const arn = before?.arn ?? `arn:aws:acm:${region}:${account}:certificate/${uuid(pem, nowMs, world.version)}`;
  const chain = input["CertificateChain"] as Uint8Array | undefined;
  const record: CertificateRecord = {
    arn,
    store: { of: "acm" },
    createdAtMs: before?.createdAtMs ?? nowMs,
    importedAtMs: nowMs,
    certificate: pem,
    chain: chain === undefined ? undefined : Buffer.from(chain).toString(),
    privateKey: requiredBytes(input, "PrivateKey"),
    ...facts,
  };
  const next = withRecord(world, "certificates", arn, record);
  return { world: before === undefined ? withTags(next, arn, tags) : next, output: { CertificateArn: arn } };
};

export const deleteCertificate: Write = (world, { input, account }) => {
  const { arn } = certificate(world, requiredText(input, "CertificateArn"));
  if (usersOfCertificate(world, arn).length > 0)
    throw new AwsError("ResourceInUseException", `Certificate ${arn} in account ${account} is in use.`);
  return { world: withTags(withRecord(world, "certificates", arn, undefined), arn, undefined), output: {} };
};

export const addTagsToCertificate: Write = (world, { input }) => {
  const { arn } = certificate(world, requiredText(input, "CertificateArn"));
  const tags = new Map([...(world.tags.get(arn) ?? []), ...tagsIn(input)]);
  if (tags.size > MOST_TAGS) throw new AwsError("TooManyTagsException", `A certificate can have at most ${MOST_TAGS} tags`);
  return { world: withTags(world, arn, tags), output: {} };
};

function tagsIn(input: Fields): ReadonlyMap<string, string> {
  return new Map((structures(input, "Tags") ?? []).map((tag) => [requiredText(tag, "Key"), text(tag, "Value") ?? ""]));
}

function requiredBytes(input: Fields, name: string): string {
  return Buffer.from(input[name] as Uint8Array).toString();
}
