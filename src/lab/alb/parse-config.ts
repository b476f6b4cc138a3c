import { AppError } from "../../kernel/index.ts";
import { Fields } from "../control/index.ts";
import { BAD, readAddress, refuseTwice } from "./config-fields.ts";
import {
  groupsOf,
  type CertificateConfig,
  type HostConfig,
  type ListenerConfig,
  type LoadBalancerAttributes,
  type LoadBalancerConfig,
} from "./config.ts";
import { parseListener } from "./parse-listener.ts";
import { parseTargetGroup } from "./parse-target-group.ts";

const LONGEST_PEM = 65_536;

/**
 * Reads the configuration of a host from outside.
 * @throws AppError ALB_BAD_CONFIG with the path of the first wrong field.
 */
export function parseHostConfig(value: unknown): HostConfig {
  const fields = new Fields(value, "", BAD);
  const control = fields.object("control");
  const config: HostConfig = {
    control: { host: control.text("host"), port: control.integer("port", { min: 0, max: 65_535 }), token: control.text("token") },
    stateFile: fields.has("stateFile") ? fields.text("stateFile") : undefined,
    loadBalancers: fields.list("loadBalancers", { min: 0, max: 200 }, parseLoadBalancer),
  };
  control.end();
  fields.end();
  refuseTwice(
    config.loadBalancers.map(({ id }) => id),
    "loadBalancers",
  );
  return config;
}

/**
 * Reads the configuration of a load balancer from outside and fills in AWS's defaults.
 * @throws AppError ALB_BAD_CONFIG with the path of the first wrong field.
 */
export function parseLoadBalancer(value: unknown, path: string): LoadBalancerConfig {
  const fields = new Fields(value, path, BAD);
  const name = fields.text("name");
  const config: LoadBalancerConfig = {
    id: fields.has("id") ? fields.textThat("id", (id) => /^[A-Za-z0-9.-]{1,128}$/.test(id), "1 to 128 letters, digits, . or -") : name,
    revision: fields.has("revision") ? fields.textThat("revision", (text) => text.length <= 128, "at most 128 characters") : "",
    name,
    type: fields.choice("type", ["application", "network"], "application"),
    nodes: fields.list("nodes", { min: 0, max: 8 }, (entry, at) => {
      const node = new Fields(entry, at, BAD);
      const parsed = { zone: node.text("zone"), address: readAddress(node, "address") };
      node.end();
      return parsed;
    }),
    attributes: parseAttributes(fields.object("attributes")),
    certificates: fields.list("certificates", { min: 0, max: 500 }, parseCertificate),
    targetGroups: fields.list("targetGroups", { min: 0, max: 100 }, parseTargetGroup),
    listeners: fields.list("listeners", { min: 0, max: 50 }, parseListener),
  };
  fields.end();
  refuseTwice(
    config.targetGroups.map((group) => group.name),
    fields.pathOf("targetGroups"),
  );
  refuseTwice(
    config.nodes.map(({ zone }) => zone),
    fields.pathOf("nodes"),
  );
  refuseTwice(
    config.listeners.filter((listener) => listener.port !== 0).map((listener) => String(listener.port)),
    fields.pathOf("listeners"),
  );
  for (const [at, listener] of config.listeners.entries()) checkReferences(config, listener, `${fields.pathOf("listeners")}[${at}]`);
  return config;
}

/** What a listener names must be there, and its protocol one of its load balancer's type. */
function checkReferences({ type, targetGroups, certificates }: LoadBalancerConfig, listener: ListenerConfig, path: string): void {
  if ((type === "application") !== listener.protocol.startsWith("HTTP")) {
    throw new AppError(BAD, `${path}.protocol: ${listener.protocol} is none of a load balancer of type ${type}`);
  }
  const group = groupsOf(listener).find((name) => !targetGroups.some((known) => known.name === name));
  if (group !== undefined) throw new AppError(BAD, `${path}: forwards to target group ${group}, which targetGroups has not`);
  const arn = listener.tls?.certificates.find((wanted) => !certificates.some((known) => known.arn === wanted));
  if (arn !== undefined) throw new AppError(BAD, `${path}.tls: names certificate ${arn}, which certificates has not`);
}

function parseCertificate(value: unknown, path: string): CertificateConfig {
  const fields = new Fields(value, path, BAD);
  const certificate = {
    arn: fields.text("arn"),
    certificate: fields.longText("certificate", LONGEST_PEM),
    privateKey: fields.longText("privateKey", LONGEST_PEM),
  };
  fields.end();
  return certificate;
}

function parseAttributes(fields: Fields): LoadBalancerAttributes {
  const attributes: LoadBalancerAttributes = {
    idleTimeoutMs: fields.integer("idleTimeoutMs", { min: 10, max: 4_000_000, fallback: 60_000 }),
    connectTimeoutMs: fields.integer("connectTimeoutMs", { min: 10, max: 60_000, fallback: 10_000 }),
    xffMode: fields.choice("xffMode", ["append", "preserve", "remove"], "append"),
    preserveHostHeader: fields.flag("preserveHostHeader", false),
    deregisterPropagationMs: fields.integer("deregisterPropagationMs", { min: 0, max: 300_000, fallback: 0 }),
    routesToInitial: fields.flag("routesToInitial", false),
  };
  fields.end();
  return attributes;
}
