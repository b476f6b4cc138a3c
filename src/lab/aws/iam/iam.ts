import { type Refused, readCertificate } from "../certificates/pem.ts";
import type { CertificateRecord } from "../certificates/records.ts";
import { usersOfCertificate } from "../certificates/users.ts";
import { AwsError } from "../wire/aws-error.ts";
import { integer, requiredText, structures, text } from "../wire/inputs.ts";
import type { Fields } from "../wire/query-input.ts";
import { readServiceModel } from "../wire/service-model.ts";
import type { AwsService, Read, Write } from "../world/actions.ts";
import { digits } from "../world/ids.ts";
import { pageOf } from "../world/paging.ts";
import { type AwsWorld, withRecord, withTags } from "../world/world.ts";

/** Page "IAM and AWS STS quotas". */
const MOST_CERTIFICATES = 20;
const USUAL_PAGE = 100;
const REFUSALS: Readonly<Record<Refused, readonly [code: string, message: string]>> = {
  "no-certificate": ["MalformedCertificate", "Unable to parse certificate. Please ensure the certificate is in PEM format."],
  "no-key": ["MalformedCertificate", "Unable to parse key; it must be in PEM format and without a passphrase."],
  mismatch: ["KeyPairMismatch", "Public key certificate and private key don't match."],
  "unsupported-key": ["MalformedCertificate", "The algorithm or size of the key is not supported."],
};

interface ServerCertificate extends CertificateRecord {
  readonly store: Extract<CertificateRecord["store"], { of: "iam" }>;
}

const listServerCertificates: Read = (world, { input }) => {
  const prefix = text(input, "PathPrefix") ?? "/";
  const wanted = serverCertificates(world).filter(({ store }) => store.path.startsWith(prefix));
  const { shown, ...rest } = truncated(wanted, ({ store }) => store.name, input);
  return { ServerCertificateMetadataList: shown.map(metadata), ...rest };
};

const getServerCertificate: Read = (world, { input }) => {
  const record = named(world, input);
  return {
    ServerCertificate: {
      ServerCertificateMetadata: metadata(record),
      CertificateBody: record.certificate,
      ...(record.chain === undefined ? {} : { CertificateChain: record.chain }),
      Tags: shownTags(world, record),
    },
  };
};

const listServerCertificateTags: Read = (world, { input }) => {
  const { shown, ...rest } = truncated(shownTags(world, named(world, input)), ({ Key }) => Key, input);
  return { Tags: shown, ...rest };
};

const uploadServerCertificate: Write = (world, { input, account, nowMs }) => {
  const name = requiredText(input, "ServerCertificateName");
  const path = text(input, "Path") ?? "/";
  const certificate = requiredText(input, "CertificateBody");
  const privateKey = requiredText(input, "PrivateKey");
  const facts = readCertificate(certificate, privateKey);
  if (typeof facts === "string") throw new AwsError(...REFUSALS[facts]);
  const others = serverCertificates(world);
  if (others.some(({ store }) => store.name.toLowerCase() === name.toLowerCase()))
    throw new AwsError("EntityAlreadyExists", `The Server Certificate with name ${name} already exists.`, 409);
  if (others.length >= MOST_CERTIFICATES)
    throw new AwsError("LimitExceeded", `Cannot exceed quota for ServerCertificatesPerAccount: ${MOST_CERTIFICATES}`, 409);
  const record: ServerCertificate = {
    arn: `arn:aws:iam::${account}:server-certificate${path}${name}`,
    store: { of: "iam", name, path, id: `ASCA${digits(17, [name, nowMs, world.version]).toUpperCase()}` },
    createdAtMs: nowMs,
    importedAtMs: nowMs,
    certificate,
    chain: text(input, "CertificateChain"),
    privateKey,
    ...facts,
  };
  const tags = new Map((structures(input, "Tags") ?? []).map((tag) => [requiredText(tag, "Key"), requiredText(tag, "Value")]));
  const next = withTags(withRecord(world, "certificates", record.arn, record), record.arn, tags);
  return { world: next, output: { ServerCertificateMetadata: metadata(record), Tags: shownTags(next, record) } };
};

const deleteServerCertificate: Write = (world, { input }) => {
  const { arn, store } = named(world, input);
  const [user] = usersOfCertificate(world, arn);
  if (user !== undefined)
    throw new AwsError(
      "DeleteConflict",
      `Certificate: ${store.id} is currently in use by ${user}. Please remove it first before deleting it from IAM.`,
      409,
    );
  return { world: withTags(withRecord(world, "certificates", arn, undefined), arn, undefined), output: {} };
};

/** AWS Identity and Access Management, version 2010-05-08: its server certificates. */
export function iam(): AwsService {
  return {
    model: readServiceModel("iam"),
    reads: {
      ListServerCertificates: listServerCertificates,
      GetServerCertificate: getServerCertificate,
      ListServerCertificateTags: listServerCertificateTags,
    },
    writes: { UploadServerCertificate: uploadServerCertificate, DeleteServerCertificate: deleteServerCertificate },
  };
}

function serverCertificates(world: AwsWorld): readonly ServerCertificate[] {
  return [...world.certificates.values()].filter((record): record is ServerCertificate => record.store.of === "iam");
}

function named(world: AwsWorld, input: Fields): ServerCertificate {
  const name = requiredText(input, "ServerCertificateName");
  const found = serverCertificates(world).find(({ store }) => store.name.toLowerCase() === name.toLowerCase());
  if (found === undefined) throw new AwsError("NoSuchEntity", `The Server Certificate with name ${name} cannot be found.`, 404);
  return found;
}

/** The page that `input` asks for by Marker and MaxItems, and what IAM says of the rest. */
function truncated<R>(
  records: readonly R[],
  keyOf: (record: R) => string,
  input: Fields,
): { readonly shown: readonly R[]; readonly IsTruncated: boolean; readonly Marker?: string } {
  const { page, next } = pageOf(records, keyOf, {
    size: integer(input, "MaxItems") ?? USUAL_PAGE,
    token: text(input, "Marker"),
    refusal: () => new AwsError("ValidationError", "Invalid Marker."),
  });
  return next === undefined ? { shown: page, IsTruncated: false } : { shown: page, IsTruncated: true, Marker: next };
}

function metadata({ arn, store, createdAtMs, notAfterMs }: ServerCertificate): Fields {
  return {
    Path: store.path,
    ServerCertificateName: store.name,
    ServerCertificateId: store.id,
    Arn: arn,
    UploadDate: new Date(createdAtMs),
    Expiration: new Date(notAfterMs),
  };
}

function shownTags(world: AwsWorld, { arn }: ServerCertificate): readonly { readonly Key: string; readonly Value: string }[] {
  return [...(world.tags.get(arn) ?? [])].map(([key, value]) => ({ Key: key, Value: value }));
}
