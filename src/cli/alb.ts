import { randomUUID } from "node:crypto";
import { writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { resolve } from "node:path";
import { Command, Option } from "commander";
import type { AlbDeps, AlbOptions } from "../alb/index.ts";
import { messageOf, systemClock, systemRandom } from "../kernel/index.ts";
import { parseListenAddress } from "../router/index.ts";
import { type LogLevel, MetricsRegistry, createLog } from "../telemetry/index.ts";
import { type LoadBalancerFlags, addLoadBalancerFlags, readArn, readList, readPair, readSettings } from "./alb-flags.ts";
import { readCluster } from "./cluster-flags.ts";
import { ExitCode } from "./exit-codes.ts";
import { badUsage, collect, readToken, readUrl, seconds, wholeNumber } from "./flag-values.ts";

interface Flags extends LoadBalancerFlags {
  readonly kubeconfig?: string;
  readonly namespace?: string;
  readonly region?: string;
  readonly endpoint?: string;
  readonly ingressClassFilter?: string;
  readonly clusterLocalDomain: string;
  readonly nodeGroupsTag: readonly string[];
  readonly targetNamespace: string;
  readonly targetPods: string;
  readonly certFilterTag?: string;
  readonly blacklistCertificateArns: readonly string[];
  readonly certPollingInterval: string;
  readonly removals: "off" | "plan" | "on";
  readonly removalsRest: string;
  readonly leaseDuration: string;
  readonly status: boolean;
  readonly state?: string;
  readonly admin: string;
  readonly adminTokenFile?: string;
  readonly logLevel: LogLevel;
  readonly dryRun?: true;
  readonly json?: string;
}

/** `holdfast alb` (docs/reference/cli.md). */
export function albCommand(): Command {
  const command = new Command("alb")
    .description(
      "The controller of load balancers: makes those that Ingresses and RouteGroups need, and keeps them while AWS or the API server does not answer.",
    )
    .option("--kubeconfig <FILE>", "the cluster of this kubeconfig's current context (without it: the cluster this runs in)")
    .option("--namespace <NAME>", "of the lease and the state (POD_NAMESPACE, or the context's)")
    .option("--region <REGION>", "of AWS (as the SDK finds it)")
    .option("--endpoint <URL>", "of all services of AWS, for the lab and for emulators")
    .option("--ingress-class-filter <NAME,…>", "classes of objects that are served; an empty one stands for objects without a class")
    .option("--cluster-local-domain <DOMAIN>", "hosts in it need no load balancer", "cluster.local");
  addLoadBalancerFlags(command)
    .option("--node-groups-tag <KEY[=VALUE]>", "of the nodes' Auto Scaling groups (kubernetes.io/cluster/ID); may be repeated", collect, [])
    .option("--target-namespace <NAME>", "of the routers' pods, for --target-type ip", "kube-system")
    .option("--target-pods <SELECTOR>", "labels of the routers' pods, for --target-type ip", "app.kubernetes.io/name=holdfast-router")
    .option("--cert-filter-tag <KEY=VALUE>", "only certificates with this tag are found for hosts")
    .option("--blacklist-certificate-arns <ARN,…>", "certificates that are never found for hosts; may be repeated", collect, [])
    .option("--cert-polling-interval <SECONDS>", "how often certificates are read, while each host has one", "7200")
    .addOption(
      new Option("--removals <MODE>", "whether anything is taken away: off, plan (said, not done), on")
        .choices(["off", "plan", "on"])
        .default("on"),
    )
    .option("--removals-rest <SECONDS>", "how long nothing is taken away after a start, a change of leaders or an outage of AWS", "600")
    .option("--lease-duration <SECONDS>", "another controller takes over from one that was silent for so long", "15")
    .option("--no-status", "do not write into the objects where their load balancers are")
    .option("--state <DIR>", "keep the state in a folder in place of a ConfigMap; for one process alone")
    .option(
      "--admin <ADDR:PORT>",
      "where to answer /livez, /readyz, /statusz, /metrics, /load-balancers, /plan and /held",
      "127.0.0.1:9912",
    )
    .option("--admin-token-file <FILE>", "file with the bearer token for /load-balancers, /plan, /held and decisions")
    .option("--dry-run", "print what would be done and end: 0 nothing, 1 something, or it cannot be told")
    .option("--json <FILE>", "with --dry-run: machine output to a file (- for standard output)")
    .addOption(
      new Option("--log-level <LEVEL>", "what to log on standard error")
        .choices(["debug", "info", "warn", "error", "silent"])
        .default("info"),
    );
  return command.action(async (flags: Flags) => {
    process.exitCode = await run(flags);
  });
}

async function run(flags: Flags): Promise<number> {
  if (flags.json !== undefined && flags.dryRun !== true) throw badUsage("--json is for --dry-run; give it too");
  const options = await readOptions(flags);
  const level = flags.dryRun === true && flags.logLevel === "info" ? "warn" : flags.logLevel;
  const deps: AlbDeps = {
    clock: systemClock,
    random: systemRandom,
    log: createLog({ level, name: "alb" }),
    metrics: new MetricsRegistry(),
  };
  // What waits to try a call again keeps no process alive.
  const alive = setInterval(() => {}, 60_000);
  try {
    return await (flags.dryRun === true ? showPlan(options, deps, flags.json) : control(options, deps));
  } finally {
    clearInterval(alive);
  }
}

async function showPlan(options: AlbOptions, deps: AlbDeps, json: string | undefined): Promise<number> {
  const { dryRun } = await import("../alb/index.ts");
  let found;
  try {
    found = await dryRun(options, deps);
  } catch (error) {
    process.stderr.write(`holdfast: ${messageOf(error)}\n`);
    return ExitCode.failed;
  }
  const { plan, problems, text } = found;
  if (json === undefined) process.stdout.write(text);
  else {
    const output = `${JSON.stringify({ ...plan, problems }, null, 2)}\n`;
    if (json === "-") process.stdout.write(output);
    else writeFileSync(json, output);
  }
  return plan.loadBalancers.length === 0 ? ExitCode.ok : ExitCode.failed;
}

/** Ends by a signal only. */
async function control(options: AlbOptions, deps: AlbDeps): Promise<number> {
  const { startAlb } = await import("../alb/index.ts");
  const asked = new Promise<void>((resolveAsked) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => resolveAsked());
  });
  const alb = await startAlb(options, deps);
  process.stdout.write(`holdfast alb: admin on ${options.admin.host} port ${alb.adminPort}\n`);
  await asked;
  await alb.stop();
  return ExitCode.ok;
}

async function readOptions(flags: Flags): Promise<AlbOptions> {
  const settings = readSettings(flags);
  const admin = parseListenAddress(flags.admin, "--admin");
  const cluster = await readCluster(flags.kubeconfig);
  const { POD_NAMESPACE, POD_NAME } = process.env;
  return {
    settings,
    objects: {
      classes: flags.ingressClassFilter === undefined ? undefined : flags.ingressClassFilter.split(",").map((name) => name.trim()),
      clusterLocalDomain: readDomain(flags.clusterLocalDomain),
    },
    cluster,
    namespace: flags.namespace ?? POD_NAMESPACE ?? cluster.namespace,
    // Of this process alone: the pod's name stays over a restart of its container.
    identity: `${POD_NAME ?? hostname()}_${randomUUID()}`,
    leaseSeconds: wholeNumber(flags.leaseDuration, "--lease-duration", 5, 3_600),
    ...(flags.region === undefined ? {} : { region: flags.region }),
    ...(flags.endpoint === undefined ? {} : { endpoint: readUrl(flags.endpoint, "--endpoint") }),
    ...(flags.nodeGroupsTag.length === 0 ? {} : { groupTags: new Map(flags.nodeGroupsTag.map(readTag)) }),
    ...(settings.targetType === "instance" ? {} : { pods: { namespace: flags.targetNamespace, labelSelector: flags.targetPods } }),
    ...(flags.certFilterTag === undefined ? {} : { certificateFilterTag: readPair(flags.certFilterTag, "--cert-filter-tag") }),
    excludedCertificates: new Set(
      flags.blacklistCertificateArns.flatMap(readList).map((arn) => readArn(arn, "(?:acm|iam)", "--blacklist-certificate-arns")),
    ),
    certificatesEveryMs: seconds(flags.certPollingInterval, "--cert-polling-interval", 60) * 1000,
    removals: flags.removals,
    removalsRestMs: seconds(flags.removalsRest, "--removals-rest", 0) * 1000,
    writesStatus: flags.status,
    ...(flags.state === undefined ? {} : { stateDirectory: resolve(flags.state) }),
    admin,
    ...(flags.adminTokenFile === undefined ? {} : { adminToken: readToken(flags.adminTokenFile) }),
  };
}

/** With or without a dot before it, as kube-ingress-aws-controller takes it. */
function readDomain(text: string): string {
  const domain = text.replace(/^\./, "").toLowerCase();
  if (!/^[a-z0-9-]+(\.[a-z0-9-]+)*$/.test(domain))
    throw badUsage(`--cluster-local-domain ${JSON.stringify(text)}: write a domain as in cluster.local`);
  return domain;
}

/** `KEY` stands for any value. */
function readTag(text: string): readonly [key: string, value: string | undefined] {
  return text.includes("=") ? readPair(text, "--node-groups-tag") : [text, undefined];
}
