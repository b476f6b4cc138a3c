import { createHash } from "node:crypto";
import { AwsError } from "../wire/aws-error.ts";
import type { Fields } from "../wire/query-input.ts";
import type { Read, Write } from "../world/actions.ts";
import { type AwsWorld, withRecord } from "../world/world.ts";
import { listener, listenersOf, loadBalancer, rulesOf } from "./found.ts";
import { integer, requiredText, structures, text, texts } from "../wire/inputs.ts";
import { page } from "./paging.ts";
import { readActions, shownActions } from "./listener-actions.ts";
import { mustBeUsable } from "./listener-certificates.ts";
import type { ListenerRecord, LoadBalancerRecord } from "./records.ts";
import { DEFAULT_SSL_POLICY, sslPolicies } from "./ssl-policies.ts";
import { tagsIn } from "./tags.ts";
import { limits } from "./account-limits.ts";

const MOST_LISTENERS = limits["listeners-per-application-load-balancer"];
const PROTOCOLS: Readonly<Record<LoadBalancerRecord["type"], ReadonlySet<string>>> = {
  application: new Set(["HTTP", "HTTPS"]),
  network: new Set(["TCP", "TLS", "UDP", "TCP_UDP"]),
};

export const describeListeners: Read = (world, { input }) => {
  const arns = texts(input, "ListenerArns");
  const balancer = text(input, "LoadBalancerArn");
  if (arns === undefined && balancer === undefined)
    throw new AwsError("ValidationError", "You must specify either listener ARNs or a load balancer ARN");
  if (balancer !== undefined) loadBalancer(world, balancer);
  const wanted = arns?.map((arn) => listener(world, arn)) ?? listenersOf(world, balancer ?? "");
  const { page: records, nextMarker } = page(wanted, ({ arn }) => arn, input);
  return { Listeners: records.map(shown), ...(nextMarker === undefined ? {} : { NextMarker: nextMarker }) };
};

export const createListener: Write = (world, { input, nowMs }) => {
  const balancer = loadBalancer(world, requiredText(input, "LoadBalancerArn"));
  const port = integer(input, "Port");
  const protocol = text(input, "Protocol");
  if (port === undefined) throw new AwsError("ValidationError", "A listener port must be specified");
  if (protocol === undefined || !PROTOCOLS[balancer.type].has(protocol))
    throw new AwsError(
      "UnsupportedProtocol",
      `Listener protocol '${protocol ?? ""}' is not supported by a load balancer of type '${balancer.type}'`,
    );
  const id = createHash("sha256").update(`${balancer.arn} ${port} ${nowMs} ${world.version}`).digest("hex").slice(0, 16);
  const record: ListenerRecord = {
    arn: `${balancer.arn.replace(":loadbalancer/", ":listener/")}/${id}`,
    loadBalancerArn: balancer.arn,
    port,
    protocol,
    ...secureSettings(world, input, { protocol, nowMs }),
    alpnPolicy: texts(input, "AlpnPolicy") ?? [],
    defaultActions: readActions(world, structures(input, "DefaultActions") ?? [], { balancer, listenerProtocol: protocol }),
    attributes: new Map(),
  };
  const others = listenersOf(world, balancer.arn);
  const same = others.find((one) => one.port === port);
  if (same !== undefined) {
    if (isSameListener(same, record)) return { world, output: { Listeners: [shown(same)] } };
    throw new AwsError("DuplicateListener", `A listener already exists on port ${port} for this load balancer '${balancer.arn}'`);
  }
  if (others.length >= MOST_LISTENERS)
    throw new AwsError("TooManyListeners", `The maximum number of listeners has been reached: ${MOST_LISTENERS}`);
  const next = withRecord(withRecord(world, "listeners", record.arn, record), "tags", record.arn, tagsIn(input));
  return { world: next, output: { Listeners: [shown(record)] } };
};

export const modifyListener: Write = (world, { input, nowMs }) => {
  const before = listener(world, requiredText(input, "ListenerArn"));
  const balancer = loadBalancer(world, before.loadBalancerArn);
  const protocol = text(input, "Protocol") ?? before.protocol;
  if (!PROTOCOLS[balancer.type].has(protocol))
    throw new AwsError(
      "UnsupportedProtocol",
      `Listener protocol '${protocol}' is not supported by a load balancer of type '${balancer.type}'`,
    );
  const port = integer(input, "Port") ?? before.port;
  if (listenersOf(world, balancer.arn).some((one) => one.port === port && one.arn !== before.arn))
    throw new AwsError("DuplicateListener", `A listener already exists on port ${port} for this load balancer '${balancer.arn}'`);
  const actions = structures(input, "DefaultActions");
  // What is not said stays; a new default certificate leaves the list of the others alone.
  const isSecure = protocol === "HTTPS" || protocol === "TLS";
  const known = isSecure
    ? { Certificates: before.certificates.slice(0, 1).map((arn) => ({ CertificateArn: arn })), SslPolicy: before.sslPolicy }
    : {};
  const secure = secureSettings(world, { ...known, ...input }, { protocol, nowMs });
  const record: ListenerRecord = {
    ...before,
    port,
    protocol,
    ...secure,
    certificates: [...new Set([...secure.certificates, ...(secure.certificates.length === 0 ? [] : before.certificates.slice(1))])],
    alpnPolicy: texts(input, "AlpnPolicy") ?? before.alpnPolicy,
    defaultActions: actions === undefined ? before.defaultActions : readActions(world, actions, { balancer, listenerProtocol: protocol }),
  };
  return { world: withRecord(world, "listeners", record.arn, record), output: { Listeners: [shown(record)] } };
};

export const deleteListener: Write = (world, { input }) => {
  const { arn } = listener(world, requiredText(input, "ListenerArn"));
  let next = withRecord(withRecord(world, "listeners", arn, undefined), "tags", arn, undefined);
  for (const { arn: rule } of rulesOf(world, arn)) next = withRecord(withRecord(next, "rules", rule, undefined), "tags", rule, undefined);
  return { world: next, output: {} };
};

function secureSettings(
  world: AwsWorld,
  input: Fields,
  { protocol, nowMs }: { readonly protocol: string; readonly nowMs: number },
): Pick<ListenerRecord, "sslPolicy" | "certificates"> {
  const certificates = (structures(input, "Certificates") ?? []).flatMap((one) => text(one, "CertificateArn") ?? []);
  const sslPolicy = text(input, "SslPolicy");
  if (protocol !== "HTTPS" && protocol !== "TLS") {
    if (text(input, "SslPolicy") !== undefined || certificates.length > 0)
      throw new AwsError("InvalidConfigurationRequest", `A certificate or SSL policy cannot be specified for ${protocol} listeners`);
    return { sslPolicy: undefined, certificates: [] };
  }
  const [certificate, ...more] = certificates;
  if (certificate === undefined) throw new AwsError("ValidationError", `A certificate must be specified for ${protocol} listeners`);
  if (more.length > 0) throw new AwsError("TooManyCertificates", "Only the default certificate can be specified with a listener");
  mustBeUsable(world, certificate, nowMs);
  if (sslPolicy !== undefined && !sslPolicies.some(({ name }) => name === sslPolicy))
    throw new AwsError("SSLPolicyNotFound", `SSL policy '${sslPolicy}' not found`);
  return { sslPolicy: sslPolicy ?? DEFAULT_SSL_POLICY, certificates: [certificate] };
}

function shown(record: ListenerRecord): Fields {
  const [certificate] = record.certificates;
  return {
    ListenerArn: record.arn,
    LoadBalancerArn: record.loadBalancerArn,
    Port: record.port,
    Protocol: record.protocol,
    ...(certificate === undefined ? {} : { Certificates: [{ CertificateArn: certificate }], SslPolicy: record.sslPolicy }),
    DefaultActions: shownActions(record.defaultActions),
    ...(record.alpnPolicy.length === 0 ? {} : { AlpnPolicy: record.alpnPolicy }),
  };
}

function isSameListener(one: ListenerRecord, other: ListenerRecord): boolean {
  const settings = ({ protocol, sslPolicy, certificates, defaultActions, alpnPolicy }: ListenerRecord): string =>
    JSON.stringify([protocol, sslPolicy, certificates[0], defaultActions, alpnPolicy]);
  return settings(one) === settings(other);
}
