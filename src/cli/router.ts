import type { ChildProcess } from "node:child_process";
import { createHash } from "node:crypto";
import { availableParallelism, homedir } from "node:os";
import { join, resolve } from "node:path";
import { Command, Option } from "commander";

import { systemClock, systemRandom } from "../kernel/index.ts";
import type { Router, RouterOptions, RoutesSource } from "../router/index.ts";
import { type LogLevel, createLog } from "../telemetry/index.ts";
import { type ApiUsageFlags, addApiUsageFlags, readApiUsage } from "./api-usage-flags.ts";
import { type AuthFlags, addAuthFlags, readAuthSettings } from "./auth-flags.ts";
import { type BackendFlags, addBackendFlags, readBackends } from "./backend-flags.ts";
import { ExitCode } from "./exit-codes.ts";
import { badUsage, collect, readAddresses, readToken, seconds, wholeNumber } from "./flag-values.ts";
import { type LogFlags, addLogFlags, readLogs } from "./log-flags.ts";
import { routerProcesses } from "./router-processes.ts";
import { type SharedLimitFlags, addSharedLimitFlags, readSharedLimits } from "./shared-limit-flags.ts";
import { type TraceFlags, addTraceFlags, readTraceOptions } from "./trace-flags.ts";

interface Flags extends ApiUsageFlags, AuthFlags, BackendFlags, LogFlags, SharedLimitFlags, TraceFlags {
  readonly routes?: string;
  readonly kubeconfig?: string;
  readonly listen: string;
  readonly listenTls?: string;
  readonly tlsCertificates?: string;
  readonly tlsSecrets?: boolean;
  readonly tlsClientCa?: string;
  readonly tlsClientAuth: "required" | "optional";
  readonly proxyProtocol?: true;
  readonly proxyProtocolFrom?: string;
  readonly h2c?: true;
  readonly plugin: readonly string[];
  readonly workers: string;
  readonly admin: string;
  readonly adminTokenFile?: string;
  readonly snapshot?: string;
  readonly drainDelay: string;
  readonly drainTimeout: string;
  readonly staleAfter: string;
  readonly logLevel: LogLevel;
  readonly policy: "hold" | "naive";
  readonly weaken: readonly string[];
}

/** Two at least: while one is killed and comes back, the other takes the connections. */
const DEFAULT_WORKERS = Math.min(8, Math.max(2, availableParallelism()));

/** `holdfast router` (docs/reference/cli.md). `worker` is one that waits to become its first. */
export function routerCommand(worker: ChildProcess | undefined): Command {
  const command = new Command("router")
    .description("The ingress: serves the routes of a cluster, or of a file, and keeps serving when their source is gone.")
    .option("--routes <FILE.eskip>", "serve the routes of this file; it is watched")
    .option(
      "--kubeconfig <FILE>",
      "serve the cluster of this kubeconfig's current context (without it and without --routes: the cluster this runs in)",
    )
    .requiredOption("--listen <ADDR:PORT>", "where to serve, for example 0.0.0.0:9999 or :9999")
    .option("--listen-tls <ADDR:PORT>", "where to serve TLS, with HTTP/2, beside --listen")
    .option(
      "--tls-certificates <DIR>",
      "certificates for --listen-tls: NAME.crt and NAME.key, or folders with tls.crt and tls.key; watched",
    )
    .option("--tls-secrets", "certificates for --listen-tls from Secrets that Ingresses and RouteGroups name in spec.tls, too")
    .option("--tls-client-ca <FILE>", "ask clients of --listen-tls for a certificate of these authorities (PEM)")
    .addOption(
      new Option("--tls-client-auth <WHAT>", "clients without a certificate").choices(["required", "optional"]).default("required"),
    )
    .option(
      "--proxy-protocol",
      "every connection begins with a PROXY header (version 1 or 2), as an NLB sends it; without one it is closed",
    )
    .option("--proxy-protocol-from <CIDR,…>", "and only these may connect (addresses, CIDR blocks, private)")
    .option("--h2c", "serve HTTP/2 on --listen too, to clients that begin with it")
    .option("--plugin <FILE>", "filters and predicates of your own (docs/how-to/plugins.md); may be repeated", collect, [])
    .option("--workers <N>", "processes that serve", String(DEFAULT_WORKERS))
    .option("--admin <ADDR:PORT>", "where to answer /livez, /readyz, /statusz, /metrics, /routes and /held", "127.0.0.1:9911")
    .option(
      "--admin-token-file <FILE>",
      "file with the bearer token for /routes, /held and decisions; needed for these when --admin is not on loopback",
    )
    .option("--snapshot <DIR>", "where generations are kept (a cluster's: by default under the user's state folder)")
    .option("--drain-delay <SECONDS>", "on SIGTERM: how long to serve on, not ready, before closing", "20")
    .option("--drain-timeout <SECONDS>", "then: how long requests in flight may take", "30")
    .option("--stale-after <SECONDS>", "a source silent for so long is stale", "30")
    .addOption(
      new Option("--log-level <LEVEL>", "what to log on standard error")
        .choices(["debug", "info", "warn", "error", "silent"])
        .default("info"),
    )
    .addOption(new Option("--policy <NAME>").choices(["hold", "naive"]).default("hold").hideHelp())
    .addOption(new Option("--weaken <GUARD>").argParser(collect).default([]).hideHelp());
  return addTraceFlags(addLogFlags(addApiUsageFlags(addSharedLimitFlags(addAuthFlags(addBackendFlags(command)))))).action(
    async (flags: Flags) => {
      process.exitCode = await run(flags, worker);
    },
  );
}

async function run(flags: Flags, worker: ChildProcess | undefined): Promise<number> {
  const { WEAKNESSES, parseListenAddress, startRouter } = await import("../router/index.ts");
  checkWeaknesses(flags.weaken, WEAKNESSES);
  const options = readOptions(flags, parseListenAddress);
  if (options.policy === "naive") {
    process.stderr.write(
      "holdfast: warning: --policy naive believes errors and empty answers, as routers did in 2017; it is for comparison in the lab\n",
    );
  }
  // A worker serves before this process has finished starting: a signal that comes meanwhile drains, too.
  let router: Router | undefined;
  let wasAsked = false;
  const drain = (): void => {
    wasAsked = true;
    router?.drain();
  };
  process.on("SIGTERM", drain);
  process.on("SIGINT", drain);
  const started = await startRouter(options, {
    clock: systemClock,
    random: systemRandom,
    createLog: () => createLog({ level: flags.logLevel, name: "router" }),
    processes: routerProcesses(worker),
  });
  router = started;
  if (wasAsked) started.drain();
  void started.listening.then(({ port, adminPort, tlsPort }) => {
    const tls = tlsPort === undefined ? "" : `, TLS on ${options.tls?.listen.host ?? ""} port ${tlsPort}`;
    process.stdout.write(
      `holdfast router: serving on ${options.listen.host} port ${port}, admin on ${options.admin.host} port ${adminPort}${tls}\n`,
    );
  });
  const end = await started.ended;
  if (end.type === "drained") return ExitCode.ok;
  process.stderr.write(`${end.message}\n`);
  return ExitCode.badInput;
}

function readOptions(flags: Flags, parseAddress: (text: string, option: string) => RouterOptions["listen"]): RouterOptions {
  if (flags.policy === "naive" && process.env["HOLDFAST_LAB"] !== "1") {
    throw badUsage("--policy naive loses routes when the API server fails and runs in the lab only (holdfast lab --policy both)");
  }
  const routes = readSource(flags);
  const listen = parseAddress(flags.listen, "--listen");
  const source = sourceName(routes);
  const snapshotDirectory = flags.policy === "naive" ? undefined : (flags.snapshot ?? defaultSnapshotFolder(routes, flags.listen));
  const tls = readTls(flags, parseAddress);
  const proxyProtocol = readProxyProtocol(flags);
  const sharedLimits = readSharedLimits(flags);
  const traces = readTraceOptions(flags, process.env);
  const apiUsage = readApiUsage(flags);
  const adminToken = flags.adminTokenFile === undefined ? undefined : readToken(flags.adminTokenFile);
  const { NODE_NAME: nodeName, NODE_ZONE: zone = "" } = process.env;
  return {
    routes,
    policy: flags.policy,
    weaknesses: flags.weaken,
    listen,
    ...(tls === undefined ? {} : { tls }),
    ...(proxyProtocol === undefined ? {} : { proxyProtocol }),
    h2c: flags.h2c === true,
    ...readBackends(flags),
    plugins: flags.plugin.map((file) => resolve(file)),
    ...(sharedLimits === undefined ? {} : { sharedLimits }),
    workers: wholeNumber(flags.workers, "--workers", 1, 256),
    admin: parseAddress(flags.admin, "--admin"),
    ...(adminToken === undefined ? {} : { adminToken }),
    ...(snapshotDirectory === undefined ? {} : { snapshotDirectory: resolve(snapshotDirectory) }),
    source,
    drainDelayMs: seconds(flags.drainDelay, "--drain-delay", 0) * 1000,
    drainTimeoutMs: seconds(flags.drainTimeout, "--drain-timeout", 0) * 1000,
    staleAfterMs: seconds(flags.staleAfter, "--stale-after", 1) * 1000,
    logs: readLogs(flags),
    ...(traces === undefined ? {} : { traces }),
    ...(apiUsage === undefined ? {} : { apiUsage }),
    auth: readAuthSettings(flags),
    ...(nodeName === undefined ? {} : { nodeName }),
    ...(zone === "" ? {} : { zone }),
  };
}

/** They are known by the experiments that have to notice them. */
function checkWeaknesses(weaknesses: readonly string[], known: readonly string[]): void {
  const unknown = weaknesses.find((name) => !known.includes(name));
  if (unknown !== undefined) throw badUsage(`--weaken ${JSON.stringify(unknown)}: write one of ${known.join(", ")}`);
  if (weaknesses.length > 0 && process.env["HOLDFAST_LAB"] !== "1")
    throw badUsage(
      "--weaken takes guards away so that experiments are seen to miss them, and runs in the lab only (holdfast lab --router-arg)",
    );
}

function readTls(flags: Flags, parseAddress: (text: string, option: string) => RouterOptions["listen"]): RouterOptions["tls"] {
  const { listenTls, tlsCertificates, tlsClientCa, tlsClientAuth, tlsSecrets: secrets = false } = flags;
  if (listenTls === undefined) {
    if (tlsCertificates !== undefined || tlsClientCa !== undefined || secrets)
      throw badUsage("--tls-certificates, --tls-secrets and --tls-client-ca are for --listen-tls ADDR:PORT; give it too");
    return undefined;
  }
  if (tlsCertificates === undefined && !secrets)
    throw badUsage("--listen-tls needs --tls-certificates DIR, or --tls-secrets with a cluster");
  if (secrets && (flags.routes !== undefined || flags.policy === "naive"))
    throw badUsage("--tls-secrets needs a cluster; --routes has no Secrets");
  return {
    listen: parseAddress(listenTls, "--listen-tls"),
    ...(tlsCertificates === undefined ? {} : { folder: resolve(tlsCertificates) }),
    secrets,
    clientCertificates: tlsClientCa === undefined ? "off" : tlsClientAuth,
    ...(tlsClientCa === undefined ? {} : { clientAuthoritiesFile: resolve(tlsClientCa) }),
  };
}

function readProxyProtocol({ proxyProtocol, proxyProtocolFrom }: Flags): RouterOptions["proxyProtocol"] {
  if (proxyProtocol === undefined) {
    if (proxyProtocolFrom !== undefined) throw badUsage("--proxy-protocol-from is for --proxy-protocol; give it too");
    return undefined;
  }
  if (proxyProtocolFrom === undefined) return {};
  return { from: readAddresses(proxyProtocolFrom, "--proxy-protocol-from", ["private"]) };
}

function readSource(flags: Flags): RoutesSource {
  if (flags.routes !== undefined && flags.kubeconfig !== undefined)
    throw badUsage("--routes and --kubeconfig exclude each other; give one of them");
  if (flags.routes !== undefined) return { type: "file", file: resolve(flags.routes) };
  if (flags.kubeconfig !== undefined) return { type: "kubeconfig", file: resolve(flags.kubeconfig) };
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = process.env;
  if (host === undefined || host === "" || port === undefined) {
    throw badUsage(
      "no source of routes: give --routes FILE.eskip or --kubeconfig FILE (KUBERNETES_SERVICE_HOST is not set, so this is no pod of a cluster)",
    );
  }
  return { type: "inCluster", host, port };
}

/** All clusters share a name: a cluster's address may change while its snapshot is still the right one. */
function sourceName(routes: RoutesSource): string {
  return routes.type === "file" ? `file:${routes.file}` : "kubernetes";
}

/** A file of routes is its own snapshot. A cluster's folder is told apart by what the router was started with. */
function defaultSnapshotFolder(routes: RoutesSource, listen: string): string | undefined {
  if (routes.type === "file") return undefined;
  const state = process.env["XDG_STATE_HOME"] ?? join(homedir(), ".local", "state");
  const identity = createHash("sha256")
    .update(`${routes.type} ${routes.type === "inCluster" ? "" : routes.file} ${listen}`)
    .digest("hex");
  return join(state, "holdfast", "router", identity.slice(0, 16));
}
