import { type Command, Option } from "commander";
import type { AlbSettings } from "../alb/index.ts";
import { readDenial } from "./denial-flags.ts";
import { badUsage, collect, wholeNumber } from "./flag-values.ts";

/** What is said of load balancers and their targets where objects say nothing. Names are those of kube-ingress-aws-controller where it has them. */
export interface LoadBalancerFlags {
  readonly clusterId: string;
  readonly controllerId: string;
  readonly vpcId?: string;
  readonly loadBalancerType: "application" | "network";
  readonly scheme: "internet-facing" | "internal";
  readonly ipAddrType: "ipv4" | "dualstack";
  readonly sslPolicy: string;
  readonly awsWafWebAclId?: string;
  readonly securityGroup?: string;
  readonly httpPort: string;
  readonly httpsPort: string;
  readonly redirectHttpToHttps?: true;
  readonly idleConnectionTimeout: string;
  readonly logsS3Bucket?: string;
  readonly logsS3Prefix?: string;
  readonly denyInternalDomains?: true;
  readonly internalDomains: readonly string[];
  readonly denyInternalDomainsResponse: string;
  readonly denyInternalDomainsResponseContentType: string;
  readonly denyInternalDomainsResponseStatusCode: string;
  readonly nlbCrossZone?: true;
  readonly nlbHttpEnabled?: true;
  readonly nlbZoneAffinity?: string;
  readonly loadBalancerAttribute: readonly string[];
  readonly maxCertsAlb: string;
  readonly tag: readonly string[];
  readonly targetType: "instance" | "ip";
  readonly targetPort: string;
  readonly targetHttps?: true;
  readonly targetGroupAttribute: readonly string[];
  readonly deregistrationDelayTimeout: string;
  readonly healthCheckPath: string;
  readonly healthCheckPort: string;
  readonly healthCheckInterval: string;
  readonly healthCheckTimeout: string;
  readonly healthyThresholdCount: string;
  readonly unhealthyThresholdCount: string;
}

export function addLoadBalancerFlags(command: Command): Command {
  return command
    .requiredOption(
      "--cluster-id <ID>",
      "names the cluster in tags and names of what is made, for example aws:123456789012:eu-central-1:shop",
    )
    .option("--controller-id <ID>", "several controllers may serve a cluster, each its own objects", "holdfast")
    .option("--vpc-id <ID>", "where load balancers are made (that of the cluster's subnets)")
    .addOption(
      new Option("--load-balancer-type <TYPE>", "of objects that do not say").choices(["application", "network"]).default("application"),
    )
    .addOption(
      new Option("--scheme <SCHEME>", "of objects that do not say").choices(["internet-facing", "internal"]).default("internet-facing"),
    )
    .addOption(new Option("--ip-addr-type <TYPE>", "of objects that do not say").choices(["ipv4", "dualstack"]).default("ipv4"))
    .option("--ssl-policy <NAME>", "of listeners with TLS", "ELBSecurityPolicy-TLS13-1-2-2021-06")
    .option("--aws-waf-web-acl-id <ARN>", "web ACL of application load balancers (WAFv2)")
    .option("--security-group <ID,…>", "of load balancers, in place of those found by tags")
    .option("--http-port <PORT>", "where load balancers listen without TLS", "80")
    .option("--https-port <PORT>", "where load balancers listen with TLS", "443")
    .option("--redirect-http-to-https", "answer requests without TLS with a redirect")
    .option("--idle-connection-timeout <SECONDS>", "of application load balancers", "60")
    .option("--logs-s3-bucket <NAME>", "where access logs are written")
    .option("--logs-s3-prefix <PREFIX>", "under which name")
    .option("--deny-internal-domains", "load balancers that face the internet answer requests for internal domains by themselves")
    .option("--internal-domains <DOMAIN>", "which these are (*.cluster.local); may be repeated", collect, [])
    .option("--deny-internal-domains-response <TEXT>", "what they answer", "Unauthorized")
    .option("--deny-internal-domains-response-content-type <TYPE>", "of what kind that is", "text/plain")
    .option("--deny-internal-domains-response-status-code <STATUS>", "with which status", "401")
    .option("--nlb-cross-zone", "network load balancers send to targets of all zones")
    .option("--nlb-http-enabled", "network load balancers listen without TLS too, which they cannot redirect")
    .addOption(
      new Option("--nlb-zone-affinity <POLICY>", "whether DNS answers with a network load balancer's address in the client's zone").choices(
        ["any_availability_zone", "partial_availability_zone_affinity", "availability_zone_affinity"],
      ),
    )
    .option("--load-balancer-attribute <KEY=VALUE>", "any other attribute of load balancers; may be repeated", collect, [])
    .option("--max-certs-alb <N>", "certificates on one load balancer", "24")
    .option("--tag <KEY=VALUE>", "on all that is made; may be repeated", collect, [])
    .addOption(
      new Option("--target-type <TYPE>", "routers as instances of Auto Scaling groups, or as pods")
        .choices(["instance", "ip"])
        .default("instance"),
    )
    .option("--target-port <PORT>", "where routers listen", "9999")
    .option("--target-https", "routers are spoken to with TLS")
    .option("--target-group-attribute <KEY=VALUE>", "any other attribute of target groups; may be repeated", collect, [])
    .option("--deregistration-delay-timeout <SECONDS>", "how long requests in flight may take when a target goes", "300")
    .option("--health-check-path <PATH>", "where routers say that they serve", "/readyz")
    .option("--health-check-port <PORT>", "the port of it, or traffic-port", "9911")
    .option("--health-check-interval <SECONDS>", "between two checks", "10")
    .option("--health-check-timeout <SECONDS>", "for one check", "5")
    .option("--healthy-threshold-count <N>", "checks that make a target healthy", "3")
    .option("--unhealthy-threshold-count <N>", "checks that make it unhealthy", "2");
}

/** Throws AppError `CLI_USAGE`. */
export function readSettings(flags: LoadBalancerFlags): AlbSettings {
  const interval = wholeNumber(flags.healthCheckInterval, "--health-check-interval", 5, 300);
  const timeout = wholeNumber(flags.healthCheckTimeout, "--health-check-timeout", 2, 120);
  if (timeout >= interval) throw badUsage(`--health-check-timeout ${timeout}: it must be below --health-check-interval ${interval}`);
  const port = flags.healthCheckPort;
  if (port !== "traffic-port") wholeNumber(port, "--health-check-port", 1, 65_535);
  if (!/^\/\S{0,1023}$/.test(flags.healthCheckPath))
    throw badUsage(`--health-check-path ${JSON.stringify(flags.healthCheckPath)}: write a path as in /readyz`);
  const targetProtocol = flags.targetHttps === true ? "HTTPS" : "HTTP";
  return {
    clusterId: readId(flags.clusterId, "--cluster-id"),
    controllerId: readControllerId(flags.controllerId),
    vpcId: flags.vpcId === undefined ? undefined : readResourceId(flags.vpcId, "vpc", "--vpc-id"),
    type: flags.loadBalancerType,
    scheme: flags.scheme,
    ipAddressType: flags.ipAddrType,
    sslPolicy: flags.sslPolicy,
    webAcl: flags.awsWafWebAclId === undefined ? undefined : readArn(flags.awsWafWebAclId, "wafv2", "--aws-waf-web-acl-id"),
    securityGroups: readList(flags.securityGroup).map((id) => readResourceId(id, "sg", "--security-group")),
    httpPort: wholeNumber(flags.httpPort, "--http-port", 1, 65_535),
    httpsPort: wholeNumber(flags.httpsPort, "--https-port", 1, 65_535),
    nlbHttp: flags.nlbHttpEnabled === true,
    redirectHttp: flags.redirectHttpToHttps === true,
    denial: flags.denyInternalDomains === true ? readDenial(flags) : undefined,
    targetType: flags.targetType,
    targetPort: wholeNumber(flags.targetPort, "--target-port", 1, 65_535),
    targetProtocol,
    healthCheck: {
      protocol: port === "traffic-port" ? targetProtocol : "HTTP",
      port,
      path: flags.healthCheckPath,
      intervalSeconds: interval,
      timeoutSeconds: timeout,
      healthyThreshold: wholeNumber(flags.healthyThresholdCount, "--healthy-threshold-count", 2, 10),
      unhealthyThreshold: wholeNumber(flags.unhealthyThresholdCount, "--unhealthy-threshold-count", 2, 10),
      matcher: "200",
    },
    attributes: readLoadBalancerAttributes(flags),
    targetGroupAttributes: new Map([
      [
        "deregistration_delay.timeout_seconds",
        String(wholeNumber(flags.deregistrationDelayTimeout, "--deregistration-delay-timeout", 0, 3_600)),
      ],
      ...flags.targetGroupAttribute.map((text) => readPair(text, "--target-group-attribute")),
    ]),
    tags: new Map(flags.tag.map((text) => readPair(text, "--tag"))),
    mostCertificates: wholeNumber(flags.maxCertsAlb, "--max-certs-alb", 1, 25),
  };
}

function readLoadBalancerAttributes(flags: LoadBalancerFlags): ReadonlyMap<string, string> {
  const { logsS3Bucket: bucket, logsS3Prefix: prefix } = flags;
  if (bucket === undefined && prefix !== undefined) throw badUsage("--logs-s3-prefix is for --logs-s3-bucket; give it too");
  const idle = wholeNumber(flags.idleConnectionTimeout, "--idle-connection-timeout", 1, 4_000);
  return new Map([
    ["idle_timeout.timeout_seconds", String(idle)],
    ...(bucket === undefined
      ? []
      : ([
          ["access_logs.s3.enabled", "true"],
          ["access_logs.s3.bucket", bucket],
          ["access_logs.s3.prefix", prefix ?? ""],
        ] as const)),
    ...(flags.nlbCrossZone === true ? ([["load_balancing.cross_zone.enabled", "true"]] as const) : []),
    ...(flags.nlbZoneAffinity === undefined ? [] : ([["dns_record.client_routing_policy", flags.nlbZoneAffinity]] as const)),
    ...flags.loadBalancerAttribute.map((text) => readPair(text, "--load-balancer-attribute")),
  ]);
}

/** `KEY=VALUE`. Throws AppError `CLI_USAGE`. */
export function readPair(text: string, option: string): readonly [key: string, value: string] {
  const at = text.indexOf("=");
  if (at < 1) throw badUsage(`${option} ${JSON.stringify(text)}: write KEY=VALUE`);
  return [text.slice(0, at), text.slice(at + 1)];
}

/** What stands between commas, without what is empty. */
export function readList(text: string | undefined): readonly string[] {
  return (text ?? "")
    .split(",")
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "");
}

/** Throws AppError `CLI_USAGE`. */
export function readArn(text: string, service: string, option: string): string {
  if (!new RegExp(`^arn:[a-z-]+:${service}:[^:]*:[0-9]*:\\S+$`).test(text))
    throw badUsage(`${option} ${JSON.stringify(text)}: write an ARN of ${service}`);
  return text;
}

function readResourceId(text: string, kind: string, option: string): string {
  if (!new RegExp(`^${kind}-[0-9a-f]{8,17}$`).test(text))
    throw badUsage(`${option} ${JSON.stringify(text)}: write an id as in ${kind}-0123456789abcdef0`);
  return text;
}

/** It stands in tags, and those are compared. */
function readId(text: string, option: string): string {
  if (!/^[A-Za-z0-9_.:/=+@-]{1,100}$/.test(text))
    throw badUsage(`${option} ${JSON.stringify(text)}: write 1 to 100 letters, digits and _.:/=+@-`);
  return text;
}

/** It stands in the names of the lease and of the state, too. */
function readControllerId(text: string): string {
  if (!/^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/.test(text))
    throw badUsage(`--controller-id ${JSON.stringify(text)}: write 1 to 40 lower-case letters, digits and hyphens`);
  return text;
}
