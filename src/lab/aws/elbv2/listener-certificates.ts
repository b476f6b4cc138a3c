import { isPending } from "../acm/request.ts";
import { AwsError } from "../wire/aws-error.ts";
import type { Fields } from "../wire/query-input.ts";
import type { Read, Write } from "../world/actions.ts";
import { type AwsWorld, withRecord } from "../world/world.ts";
import { listener, listenersOf } from "./found.ts";
import { requiredText, structures, text } from "../wire/inputs.ts";
import { page } from "./paging.ts";
import type { ListenerRecord } from "./records.ts";
import { limits } from "./account-limits.ts";

/** Of all listeners of a load balancer together, beside their default ones. */
const MOST_CERTIFICATES = limits["certificates-per-application-load-balancer"];

export const describeListenerCertificates: Read = (world, { input }) => {
  const { certificates } = listener(world, requiredText(input, "ListenerArn"));
  const shown = certificates.map((arn, at) => ({ arn, isDefault: at === 0 }));
  const { page: found, nextMarker } = page(shown, ({ arn }) => arn, input);
  return {
    Certificates: found.map(({ arn, isDefault }) => ({ CertificateArn: arn, IsDefault: isDefault })),
    ...(nextMarker === undefined ? {} : { NextMarker: nextMarker }),
  };
};

export const addListenerCertificates: Write = (world, { input, nowMs }) => {
  const record = secureListener(listener(world, requiredText(input, "ListenerArn")));
  const added = certificatesIn(input);
  for (const arn of added) mustBeUsable(world, arn, nowMs);
  const certificates = [...new Set([...record.certificates, ...added])];
  const others = listenersOf(world, record.loadBalancerArn).filter(({ arn }) => arn !== record.arn);
  const count = [certificates, ...others.map((other) => other.certificates)].reduce((sum, all) => sum + Math.max(0, all.length - 1), 0);
  if (count > MOST_CERTIFICATES)
    throw new AwsError("TooManyCertificates", `The maximum number of certificates has been reached: ${MOST_CERTIFICATES}`);
  const output = { Certificates: added.map((arn) => ({ CertificateArn: arn, IsDefault: false })) };
  return { world: withRecord(world, "listeners", record.arn, { ...record, certificates }), output };
};

/** Throws AwsError `CertificateNotFound`, `UnsupportedCertificate`. */
export function mustBeUsable(world: AwsWorld, arn: string, nowMs: number): void {
  const found = world.certificates.get(arn);
  if (found === undefined || found.store.of === "authority")
    throw new AwsError("CertificateNotFound", `Certificate ARN '${arn}' not found`);
  if (isPending(found, nowMs))
    throw new AwsError(
      "UnsupportedCertificate",
      `The certificate '${arn}' must have a fully-qualified domain name, a supported signature, and a supported key size.`,
    );
}

/** One that is not there is removed already. The default one can only be replaced. */
export const removeListenerCertificates: Write = (world, { input }) => {
  const record = secureListener(listener(world, requiredText(input, "ListenerArn")));
  const gone = new Set(certificatesIn(input));
  const [first, ...others] = record.certificates;
  if (first !== undefined && gone.has(first))
    throw new AwsError("OperationNotPermitted", `Default certificate '${first}' cannot be removed`);
  const certificates = [...(first === undefined ? [] : [first]), ...others.filter((arn) => !gone.has(arn))];
  return { world: withRecord(world, "listeners", record.arn, { ...record, certificates }), output: {} };
};

function certificatesIn(input: Fields): readonly string[] {
  return (structures(input, "Certificates") ?? []).map((one) => {
    const arn = text(one, "CertificateArn");
    if (arn === undefined) throw new AwsError("ValidationError", "A certificate ARN must be specified");
    return arn;
  });
}

function secureListener(record: ListenerRecord): ListenerRecord {
  if (record.protocol !== "HTTPS" && record.protocol !== "TLS")
    throw new AwsError("InvalidConfigurationRequest", `Certificates cannot be specified for ${record.protocol} listeners`);
  return record;
}
