import { createHash } from "node:crypto";
import {
  groupsOf,
  type CertificateConfig,
  type ListenerConfig,
  type ListenerTls,
  type LoadBalancerAttributes,
  type LoadBalancerConfig,
} from "../../alb/index.ts";
import { attributeOf, listenerAttributes, loadBalancerAttributes } from "../elbv2/attributes.ts";
import { groupsUsedBy, listenersOf, rulesOf } from "../elbv2/found.ts";
import type { ListenerRecord, LoadBalancerRecord } from "../elbv2/records.ts";
import { sslPolicies } from "../elbv2/ssl-policies.ts";
import type { AwsWorld } from "../world/world.ts";
import { hostedAction, hostedRule } from "./actions.ts";
import type { DataPlaneOptions } from "./options.ts";
import { hostedGroup } from "./target-groups.ts";

type Settings = Pick<DataPlaneOptions, "lowPortOffset" | "deregisterDelayMs" | "healthCheckSecondMs">;

/** How long a connection to a target may take to open; nobody can change it. */
const CONNECT_TIMEOUT_MS = 10_000;

/** What the load balancers of an account are to be. Pure: the same world is served alike. */
export function hostedLoadBalancers(world: AwsWorld, settings: Settings): readonly LoadBalancerConfig[] {
  return [...world.loadBalancers.values()].map((balancer) => {
    const config = hostedLoadBalancer(world, balancer, settings);
    return { ...config, revision: createHash("sha256").update(JSON.stringify(config)).digest("hex").slice(0, 16) };
  });
}

/** The end of a load balancer's ARN, by which metrics name it: `app/shop/50dc6c495c0c9188`. */
export function loadBalancerKey(arn: string): string {
  return arn.slice(arn.indexOf(":loadbalancer/") + ":loadbalancer/".length);
}

/** What the host calls a load balancer: `app-shop-50dc6c495c0c9188`. */
export function hostedId(arn: string): string {
  return loadBalancerKey(arn).replaceAll("/", "-");
}

/** Where a listener of a port listens. */
export function listenPort(port: number, lowPortOffset: number): number {
  return port < 1024 ? port + lowPortOffset : port;
}

function hostedLoadBalancer(world: AwsWorld, balancer: LoadBalancerRecord, settings: Settings): Omit<LoadBalancerConfig, "revision"> {
  const { arn, name, type } = balancer;
  const records = listenersOf(world, arn);
  const groups = [...new Set(records.flatMap((listener) => [...groupsUsedBy(world, listener)]))].flatMap((group) => {
    const record = world.targetGroups.get(group);
    return record === undefined ? [] : (hostedGroup(world, record, balancer, settings.healthCheckSecondMs) ?? []);
  });
  const addresses = [...(world.nodeAddresses.get(arn) ?? [])];
  return {
    id: hostedId(arn),
    name,
    type,
    // With its zone a node is lost.
    nodes: addresses.filter(([zone]) => !world.lostZones.has(zone)).map(([zone, address]) => ({ zone, address })),
    attributes: hostedAttributes(balancer, settings),
    certificates: certificatesOf(world, records),
    targetGroups: groups,
    // One that forwards to a group of a protocol that the lab has not is left out, not the others with it.
    listeners: records
      .flatMap((listener) => hostedListener(world, listener, settings) ?? [])
      .filter((listener) => groupsOf(listener).every((used) => groups.some((group) => group.name === used))),
  };
}

function hostedAttributes({ type, attributes }: LoadBalancerRecord, { deregisterDelayMs }: Settings): LoadBalancerAttributes {
  const value = (key: string): string => attributeOf(loadBalancerAttributes[type], attributes, key);
  const modes = ["append", "preserve", "remove"] as const;
  return {
    idleTimeoutMs: type === "application" ? Number(value("idle_timeout.timeout_seconds")) * 1000 : 60_000,
    connectTimeoutMs: CONNECT_TIMEOUT_MS,
    xffMode: modes.find((mode) => mode === value("routing.http.xff_header_processing.mode")) ?? "append",
    preserveHostHeader: value("routing.http.preserve_host_header.enabled") === "true",
    deregisterPropagationMs: deregisterDelayMs,
    routesToInitial: false,
  };
}

/** Undefined for a protocol that the lab does not serve (UDP), and for TLS without a certificate. */
function hostedListener(world: AwsWorld, record: ListenerRecord, { lowPortOffset }: Settings): ListenerConfig | undefined {
  const protocol = PROTOCOLS[record.protocol];
  const tls = protocol === "HTTPS" || protocol === "TLS" ? hostedTls(world, record) : undefined;
  if (protocol === undefined || ((protocol === "HTTPS" || protocol === "TLS") && tls === undefined)) return undefined;
  const idleSeconds = attributeOf(listenerAttributes(record.protocol), record.attributes, "tcp.idle_timeout.seconds");
  return {
    protocol,
    port: listenPort(record.port, lowPortOffset),
    externalPort: record.port,
    tls,
    tcpIdleTimeoutMs: Number(idleSeconds === "" ? "350" : idleSeconds) * 1000,
    defaultAction: hostedAction(record.defaultActions),
    rules: rulesOf(world, record.arn).flatMap((rule) => hostedRule(rule) ?? []),
  };
}

const PROTOCOLS: Readonly<Record<string, ListenerConfig["protocol"]>> = {
  HTTP: "HTTP",
  HTTPS: "HTTPS",
  TCP: "TCP",
  TLS: "TLS",
  TCP_UDP: "TCP",
};

function hostedTls(world: AwsWorld, { certificates, sslPolicy }: ListenerRecord): ListenerTls | undefined {
  const [first, ...more] = certificates.filter((arn) => world.certificates.has(arn));
  const policy = sslPolicies.find(({ name }) => name === sslPolicy);
  const [minVersion, maxVersion] = [policy?.protocols.at(0), policy?.protocols.at(-1)];
  if (first === undefined || policy === undefined || minVersion === undefined || maxVersion === undefined) return undefined;
  return { certificates: [first, ...more], minVersion, maxVersion, ciphers: opensslCiphers(policy.ciphers) };
}

/** AWS takes keys and hashes that OpenSSL has to be told to: RSA of 1024 bits, and what is older than TLS 1.2. */
function opensslCiphers(ciphers: readonly string[]): string {
  return [...ciphers, "@SECLEVEL=0"].join(":");
}

function certificatesOf(world: AwsWorld, listeners: readonly ListenerRecord[]): readonly CertificateConfig[] {
  const arns = new Set(listeners.flatMap(({ certificates }) => certificates));
  return [...arns].flatMap((arn) => {
    const record = world.certificates.get(arn);
    if (record === undefined) return [];
    const { certificate, chain, privateKey } = record;
    return [{ arn, certificate: chain === undefined ? certificate : `${certificate.trimEnd()}\n${chain}`, privateKey }];
  });
}
