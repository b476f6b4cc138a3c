import { readFileSync } from "node:fs";
import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { type Command, Option } from "commander";
import {
  type Gate,
  type Grouping,
  type KillerOptions,
  type Webhook,
  DEFAULT_MESSAGE,
  Redactor,
  createAliases,
  createPythonWorker,
  filledHeaders,
  hypothesisGate,
  incidentGate,
  openExperiment,
  ownWebhook,
  readVariables,
  slackWebhook,
} from "../experiment/index.ts";
import { messageOf, systemClock } from "../kernel/index.ts";
import { type ClusterConfig } from "../kube/index.ts";
import { parseListenAddress } from "../router/index.ts";
import type { LogLevel } from "../telemetry/index.ts";
import { type KillerFlags, ofChaoskube, readCalendar, readGoDuration, readLimits, readSelection } from "./chaos-flags.ts";
import { type ChaosClusterFlags, readPlace } from "./chaos-place.ts";
import { badUsage, collect, readToken, readUrl, wholeNumber } from "./flag-values.ts";

export interface KillerRunFlags extends KillerFlags, ChaosClusterFlags {
  readonly pace: "interval" | "mtbf";
  readonly interval: string;
  readonly minTimeBetween: string;
  readonly maxRuntime: string;
  readonly dryRun: string | boolean;
  readonly killWith: "evict" | "delete";
  readonly gracePeriod: string;
  readonly prey: "pods" | "instances";
  readonly groupBy: Grouping;
  readonly region?: string;
  readonly endpoint?: string;
  readonly haltFile?: string;
  readonly hypothesis?: string;
  readonly var: readonly string[];
  readonly recoverWithin: string;
  readonly incidentUrl?: string;
  readonly incidentHeader: readonly string[];
  readonly slackWebhook?: string;
  readonly notifyUrl?: string;
  readonly notifyMessage: string;
  readonly notifyHeader: readonly string[];
  readonly leaseDuration: string;
  readonly admin: string;
  readonly metricsAddress?: string;
  readonly adminTokenFile?: string;
  readonly logLevel: LogLevel;
  readonly logFormat: "text" | "json";
  readonly debug: boolean;
}

export function addRunFlags(command: Command): Command {
  return command
    .addOption(
      new Option("--pace <HOW>", "when: everybody together every --interval, or each application by the mean time that its labels ask for")
        .choices(["interval", "mtbf"])
        .default("interval"),
    )
    .addOption(ofChaoskube(new Option("--interval <DURATION>", "from one round to the next; a restart changes nothing").default("10m")))
    .option("--min-time-between <DURATION>", "from one kill to the next of the same Deployment, StatefulSet or DaemonSet", "0s")
    .addOption(ofChaoskube(new Option("--max-runtime <DURATION>", "end after it; negative: never").default("-1s")))
    .addOption(ofChaoskube(new Option("--dry-run [BOOL]", "kill nobody, and say whom it would have been").default(true)))
    .option("--no-dry-run", "kill")
    .addOption(
      new Option("--kill-with <HOW>", "evict: PodDisruptionBudgets are asked; delete: they are not")
        .choices(["evict", "delete"])
        .default("evict"),
    )
    .addOption(ofChaoskube(new Option("--grace-period <DURATION>", "for a pod to end by itself; negative: its own").default("-1s")))
    .addOption(
      new Option("--prey <WHAT>", "pods, or instances of Auto Scaling groups with the tag holdfast.dev/chaos=enabled")
        .choices(["pods", "instances"])
        .default("pods"),
    )
    .addOption(
      new Option(
        "--group-by <WHAT>",
        "with --prey instances and --pace mtbf: what has turns of its own, by names like app-stack-detail-v001",
      )
        .choices(["group", "cluster", "stack", "app"])
        .default("cluster"),
    )
    .option("--region <REGION>", "of AWS, for --prey instances (as the SDK finds it)")
    .option("--endpoint <URL>", "of all services of AWS, for the lab and for emulators")
    .option("--halt-file <FILE>", "nobody is killed while it is there")
    .option("--hypothesis <FILE>", "an experiment whose steady state has to be met before each kill, and again after it")
    .option("--var <NAME[:TYPE]=VALUE>", "a value of its configuration; may be repeated", collect, [])
    .option("--recover-within <DURATION>", "after a kill; where the steady state is not met again by then the killer halts itself", "60s")
    .option("--incident-url <URL>", "asked before each kill whether there is an incident: then nobody is killed")
    .option("--incident-header <NAME:VALUE>", "{$env:NAME} stands for a variable of the environment; may be repeated", collect, [])
    .addOption(ofChaoskube(new Option("--slack-webhook <URL>", "tell it of each kill")))
    .option("--notify-url <URL>", "tell it of each kill by a POST")
    .option(
      "--notify-message <TEXT>",
      "its body, with {$name}, {$kind}, {$namespace}, {$pod}, {$outcome}, {$dryrun}, {$timestamp}, {$time}, {$date}, {$error}",
      DEFAULT_MESSAGE,
    )
    .option("--notify-header <NAME:VALUE>", "{$env:NAME} stands for a variable of the environment; may be repeated", collect, [])
    .option("--lease-duration <SECONDS>", "another one of this name takes over from one that was silent for so long", "15")
    .option(
      "--admin <ADDR:PORT>",
      "where to answer /livez, /readyz, /healthz, /statusz, /metrics, /plan, /schedule, /record, POST /halt and /resume",
      "127.0.0.1:9913",
    )
    .addOption(ofChaoskube(new Option("--metrics-address <ADDR:PORT>", "chaoskube's name of --admin")))
    .option("--admin-token-file <FILE>", "file with the bearer token for /plan, /schedule, /record, /halt and /resume")
    .addOption(
      new Option("--log-level <LEVEL>", "what to log on standard error")
        .choices(["debug", "info", "warn", "error", "silent"])
        .default("info"),
    )
    .addOption(ofChaoskube(new Option("--debug", "chaoskube's name of --log-level debug").default(false)))
    .addOption(ofChaoskube(new Option("--log-format <FORM>", "json, as all logs of holdfast").choices(["json"]).default("json")));
}

/** Throws AppError, each with one line that says what is wrong and how to mend it; nothing is asked of the cluster. */
export async function readKillerOptions(
  flags: KillerRunFlags,
  cluster: ClusterConfig,
  environment: NodeJS.ProcessEnv,
): Promise<KillerOptions> {
  const calendar = readCalendar(flags);
  const isDry = readBoolean(flags.dryRun, "--dry-run");
  const hypothesis = flags.hypothesis === undefined ? undefined : await readHypothesis(flags.hypothesis, flags.var, environment);
  const incident =
    flags.incidentUrl === undefined
      ? undefined
      : incidentGate(
          readUrl(flags.incidentUrl, "--incident-url"),
          filledHeaders(readHeaders(flags.incidentHeader, "--incident-header"), environment),
        );
  const gracePeriodMs = readGoDuration(flags.gracePeriod, "--grace-period");
  const intervalMs = readGoDuration(flags.interval, "--interval");
  if (intervalMs === undefined || intervalMs < 1_000) throw badUsage(`--interval ${flags.interval}: write a duration from 1s, as in 10m`);
  return {
    ...readPlace(flags, cluster, environment),
    cluster,
    identity: `${environment["POD_NAME"] ?? hostname()}_${randomUUID()}`,
    scope: flags.clientNamespaceScope,
    isDry,
    selection: readSelection(flags, calendar.zone, environment),
    limits: readLimits(flags),
    calendar,
    pace: flags.pace,
    intervalMs,
    leastTimeBetweenMs: readGoDuration(flags.minTimeBetween, "--min-time-between") ?? 0,
    longestRunMs: readGoDuration(flags.maxRuntime, "--max-runtime") ?? 0,
    take: { how: flags.killWith, graceSeconds: gracePeriodMs === undefined ? undefined : Math.floor(gracePeriodMs / 1000) },
    instances: readInstances(flags),
    haltFile: flags.haltFile,
    gates: [incident, hypothesis].filter((gate) => gate !== undefined),
    recovery:
      hypothesis === undefined ? undefined : { gate: hypothesis, withinMs: readGoDuration(flags.recoverWithin, "--recover-within") ?? 0 },
    webhooks: readWebhooks(flags, isDry, calendar.zone, environment),
    admin: parseListenAddress(flags.metricsAddress ?? flags.admin, flags.metricsAddress === undefined ? "--admin" : "--metrics-address"),
    adminToken: flags.adminTokenFile === undefined ? undefined : readToken(flags.adminTokenFile),
    leaseSeconds: wholeNumber(flags.leaseDuration, "--lease-duration", 5, 3_600),
  };
}

function readInstances({ prey, groupBy, region, endpoint }: KillerRunFlags): KillerOptions["instances"] {
  if (prey === "pods") return undefined;
  const place = {
    ...(region === undefined ? {} : { region }),
    ...(endpoint === undefined ? {} : { endpoint: readUrl(endpoint, "--endpoint") }),
  };
  return { grouping: groupBy, aws: place };
}

/** As kingpin and Go's strconv read it, so that chaoskube's charts and variables go on. */
function readBoolean(value: string | boolean, option: string): boolean {
  if (typeof value === "boolean") return value;
  if (/^(1|t|true)$/i.test(value)) return true;
  if (/^(0|f|false)$/i.test(value)) return false;
  throw badUsage(`${option} ${JSON.stringify(value)}: write true or false`);
}

function readWebhooks(
  flags: KillerRunFlags,
  isDry: boolean,
  zone: KillerOptions["calendar"]["zone"],
  environment: NodeJS.ProcessEnv,
): readonly Webhook[] {
  const { slackWebhook: slack, notifyUrl, notifyMessage, notifyHeader } = flags;
  if (notifyUrl !== undefined && isDry && !notifyMessage.includes("{$dryrun}"))
    throw badUsage("--notify-message does not say {$dryrun}, so that this dry run would be told as kills: put it in, or give --no-dry-run");
  return [
    ...(slack === undefined ? [] : [slackWebhook(readUrl(slack, "--slack-webhook"))]),
    ...(notifyUrl === undefined
      ? []
      : [
          ownWebhook(
            { url: readUrl(notifyUrl, "--notify-url"), message: notifyMessage, headers: readHeaders(notifyHeader, "--notify-header") },
            zone,
            environment,
          ),
        ]),
  ];
}

/** `NAME:VALUE`, as kube-monkey writes headers. */
function readHeaders(texts: readonly string[], option: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    texts.map((text) => {
      const match = /^([A-Za-z0-9!#$%&'*+.^_`|~-]+):\s*([\x20-\x7e]*)$/.exec(text);
      if (match === null) throw badUsage(`${option} ${JSON.stringify(text)}: write NAME:VALUE`);
      return [match[1] ?? "", match[2] ?? ""];
    }),
  );
}

async function readHypothesis(file: string, given: readonly string[], environment: NodeJS.ProcessEnv): Promise<Gate> {
  const python = createPythonWorker("python3", environment);
  const aliases = createAliases(python, { prefersPython: false });
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw badUsage(`--hypothesis ${file} cannot be read: ${messageOf(error)}`);
  }
  const { experiment, problems, lineOf } = await openExperiment(text, file, { environment, python, aliases, rules: "holdfast" });
  const [problem] = problems;
  if (problem !== undefined) throw badUsage(lineOf(problem));
  const probes = (experiment["steady-state-hypothesis"] as { probes?: readonly unknown[] } | undefined)?.probes ?? [];
  if (probes.length === 0)
    throw badUsage(`--hypothesis ${file}: it has no probes in steady-state-hypothesis, so that nothing would be looked at`);
  return hypothesisGate(experiment, readVariables(given, []), {
    clock: systemClock,
    environment,
    python,
    aliases,
    natives: undefined,
    redactor: new Redactor(),
  });
}
