import { AppError } from "../../kernel/index.ts";
import { Fields } from "../control/index.ts";
import type {
  AutoScalingGroupConfig,
  KeyConfig,
  LabAwsConfig,
  NetworkConfig,
  SecurityGroupConfig,
  SubnetConfig,
  TimingConfig,
} from "./config.ts";
import type { DataPlaneOptions } from "./data-plane/options.ts";

const BAD = "LAB_AWS_BAD_CONFIG";
const PORT = { min: 0, max: 65_535 } as const;
const LONGEST_MS = 3_600_000;

/**
 * Reads the configuration of the lab's AWS from outside.
 * @throws AppError LAB_AWS_BAD_CONFIG with the path of the first wrong field.
 */
export function parseLabAwsConfig(value: unknown): LabAwsConfig {
  const fields = new Fields(value, "", BAD);
  const listen = fields.object("listen");
  const control = fields.object("control");
  const config: LabAwsConfig = {
    listen: { host: loopback(listen, "host"), port: listen.integer("port", PORT) },
    control: { host: loopback(control, "host"), port: control.integer("port", PORT), token: control.text("token") },
    stateFile: fields.has("stateFile") ? fields.text("stateFile") : undefined,
    account: fields.textThat("account", (text) => /^\d{12}$/.test(text), "twelve digits"),
    region: fields.textThat("region", (text) => /^[a-z]{2}(-[a-z]+)+-\d$/.test(text), "a region such as eu-central-1"),
    keys: fields.list("keys", { min: 1, max: 100 }, parseKey),
    network: parseNetwork(fields.object("network")),
    autoScalingGroups: fields.list("autoScalingGroups", { min: 0, max: 100 }, parseGroup),
    timing: parseTiming(fields.object("timing")),
    isThrottled: fields.flag("isThrottled", true),
    dataPlane: fields.has("dataPlane") ? parseDataPlane(fields.object("dataPlane")) : undefined,
  };
  listen.end();
  control.end();
  fields.end();
  checkReferences(config);
  return config;
}

function parseKey(value: unknown, path: string): KeyConfig {
  const fields = new Fields(value, path, BAD);
  const key = {
    id: fields.textThat("id", (text) => /^[A-Z0-9]{6,128}$/.test(text), "6 to 128 capital letters and digits"),
    secret: fields.text("secret"),
    user: fields.textThat("user", (text) => /^[\w+=,.@/-]{1,128}$/.test(text), "a user's name"),
  };
  fields.end();
  return key;
}

function parseNetwork(fields: Fields): NetworkConfig {
  const vpc = fields.object("vpc");
  const network: NetworkConfig = {
    vpc: { id: idOf(vpc, "vpc"), cidr: cidrOf(vpc), tags: vpc.textMap("tags") },
    subnets: fields.list("subnets", { min: 1, max: 200 }, parseSubnet),
    securityGroups: fields.list("securityGroups", { min: 0, max: 200 }, parseSecurityGroup),
  };
  vpc.end();
  fields.end();
  return network;
}

function parseSubnet(value: unknown, path: string): SubnetConfig {
  const fields = new Fields(value, path, BAD);
  const subnet = {
    id: idOf(fields, "subnet"),
    zone: fields.textThat("zone", (text) => /^[a-z]{2}(-[a-z]+)+-\d[a-z]$/.test(text), "a zone such as eu-central-1a"),
    cidr: cidrOf(fields),
    isPublic: fields.flag("isPublic", false),
    tags: fields.textMap("tags"),
  };
  fields.end();
  return subnet;
}

function parseSecurityGroup(value: unknown, path: string): SecurityGroupConfig {
  const fields = new Fields(value, path, BAD);
  const group = {
    id: idOf(fields, "sg"),
    name: fields.text("name"),
    description: fields.text("description", "of the lab"),
    tags: fields.textMap("tags"),
  };
  fields.end();
  return group;
}

function parseGroup(value: unknown, path: string): AutoScalingGroupConfig {
  const fields = new Fields(value, path, BAD);
  const size = { min: 0, max: 200 };
  const group: AutoScalingGroupConfig = {
    name: fields.text("name"),
    minSize: fields.integer("minSize", { ...size, fallback: 0 }),
    maxSize: fields.integer("maxSize", size),
    desiredCapacity: fields.integer("desiredCapacity", size),
    subnets: fields.texts("subnets", { min: 1, max: 20 }),
    healthCheckType: fields.choice("healthCheckType", ["EC2", "ELB"], "EC2"),
    healthCheckGraceSeconds: fields.integer("healthCheckGraceSeconds", { min: 0, max: 86_400, fallback: 300 }),
    imageId: fields.text("imageId", "ami-lab"),
    instanceType: fields.text("instanceType", "m6i.large"),
    securityGroups: fields.texts("securityGroups", { min: 0, max: 5 }),
    tags: fields.textMap("tags"),
  };
  fields.end();
  if (group.minSize > group.desiredCapacity || group.desiredCapacity > group.maxSize)
    throw new AppError(BAD, `${path}.desiredCapacity: must be from minSize ${group.minSize} to maxSize ${group.maxSize}`);
  return group;
}

function parseTiming(fields: Fields): TimingConfig {
  const ms = (name: string, fallback: number): number => fields.integer(name, { min: 0, max: LONGEST_MS, fallback });
  const timing = {
    bootMs: ms("bootMs", 20_000),
    stopMs: ms("stopMs", 10_000),
    terminateMs: ms("terminateMs", 10_000),
    provisioningMs: ms("provisioningMs", 120_000),
    validationMs: ms("validationMs", 30_000),
    attachMs: ms("attachMs", 5_000),
    apiDelayMs: ms("apiDelayMs", 0),
    advanceEveryMs: fields.integer("advanceEveryMs", { min: 10, max: LONGEST_MS, fallback: 500 }),
  };
  fields.end();
  return timing;
}

function parseDataPlane(fields: Fields): DataPlaneOptions {
  const host = fields.object("host");
  const ms = (name: string, fallback: number): number => fields.integer(name, { min: 0, max: LONGEST_MS, fallback });
  const options: DataPlaneOptions = {
    host: { host: loopback(host, "host"), port: host.integer("port", { min: 1, max: 65_535 }), token: host.text("token") },
    addressBlocks: fields.list("addressBlocks", { min: 1, max: 64 }, (block, path) => {
      if (typeof block === "string" && /^127(\.\d{1,3}){2}$/.test(block)) return block;
      throw new AppError(BAD, `${path}: must be the first three numbers of addresses of 127.0.0.0/8, such as 127.30.2`);
    }),
    lowPortOffset: fields.integer("lowPortOffset", { min: 0, max: 60_000, fallback: 8000 }),
    delayMs: ms("delayMs", 0),
    deregisterDelayMs: fields.integer("deregisterDelayMs", { min: 0, max: 300_000, fallback: 0 }),
    healthCheckSecondMs: fields.integer("healthCheckSecondMs", { min: 10, max: 1000, fallback: 1000 }),
    everyMs: fields.integer("everyMs", { min: 10, max: 60_000, fallback: 250 }),
    unheardAfterMs: fields.integer("unheardAfterMs", { min: 100, max: LONGEST_MS, fallback: 10_000 }),
  };
  host.end();
  fields.end();
  return options;
}

/** Groups launch into subnets that are there, with security groups that are there. */
function checkReferences({ network, autoScalingGroups }: LabAwsConfig): void {
  for (const [at, group] of autoScalingGroups.entries()) {
    const subnet = group.subnets.find((id) => !network.subnets.some((known) => known.id === id));
    if (subnet !== undefined) throw new AppError(BAD, `autoScalingGroups[${at}].subnets: ${subnet} is none of network.subnets`);
    const security = group.securityGroups.find((id) => !network.securityGroups.some((known) => known.id === id));
    if (security !== undefined)
      throw new AppError(BAD, `autoScalingGroups[${at}].securityGroups: ${security} is none of network.securityGroups`);
  }
}

function idOf(fields: Fields, prefix: string): string {
  return fields.textThat("id", (text) => text.startsWith(`${prefix}-`) && /^[a-z0-9-]{4,64}$/.test(text), `an id such as ${prefix}-1`);
}

function cidrOf(fields: Fields): string {
  return fields.textThat("cidr", (text) => /^(\d{1,3}\.){3}\d{1,3}\/\d{1,2}$/.test(text), "an IPv4 CIDR such as 127.30.0.0/16");
}

function loopback(fields: Fields, name: string): string {
  return fields.textThat(name, (text) => /^127(\.\d{1,3}){3}$/.test(text), "an address of 127.0.0.0/8");
}
