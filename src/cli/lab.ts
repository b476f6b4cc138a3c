import { closeSync, existsSync, openSync, rmSync, statSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { styleText } from "node:util";
import { Command, InvalidArgumentError, Option } from "commander";
import { type ConsoleHandle, openLabConsole } from "../console/index.ts";
import { isInOwnNamespace, networkNamespaceOf } from "../experiment/index.ts";
import { AppError, messageOf, systemClock } from "../kernel/index.ts";
import {
  Faults,
  LAB_DEFAULTS,
  Lab,
  type LabOptions,
  type LabResult,
  PHASES,
  SCENARIO,
  Stage,
  playZalando2017,
  renderTable,
  sentence,
  writeHandle,
} from "../lab/index.ts";
import { createLog } from "../telemetry/index.ts";
import { ExitCode } from "./exit-codes.ts";
import { collect } from "./flag-values.ts";
import { runBehindDoor, takeConnections } from "./network-namespace.ts";

interface Flags {
  readonly scenario: string;
  readonly policy: "naive" | "hold" | "both";
  readonly once: boolean;
  readonly json?: string;
  readonly port: number;
  readonly nodes: number;
  readonly state: string;
  readonly controlPlane: "embedded" | "real";
  readonly rate: number;
  readonly networkNamespace: boolean;
  readonly replicas?: number;
  readonly routerArg: readonly string[];
  readonly albArg: readonly string[];
}

/** `holdfast lab`: a cluster on this machine, and the outage of 2017 played on it. */
export function labCommand(): Command {
  return new Command("lab")
    .description(
      "Starts a cluster on this machine and plays the outage of 2017 on two fleets of routers at once: as they were then, and Holdfast's.",
    )
    .addOption(
      new Option("--scenario <name>", "what to play; 'none' starts the cluster and breaks nothing")
        .choices([SCENARIO, "none"])
        .default(SCENARIO),
    )
    .addOption(new Option("--policy <policy>", "which fleets stand in the cluster").choices(["both", "hold", "naive"]).default("both"))
    .option("--once", "end when the scenario is over; the exit code is the verdict: 0 held, 1 deviated, 3 inconclusive", false)
    .option("--json <file>", "write the result as JSON; '-' is standard output")
    .option("--port <port>", "the console's port on 127.0.0.1; 0 takes a free one", wholeNumber(0, 65_535), 8090)
    .option(
      "--nodes <count>",
      "nodes: what the Auto Scaling group over three zones desires at first",
      wholeNumber(1, 9),
      LAB_DEFAULTS.nodes,
    )
    .option("--replicas <count>", "copies of each application; as many as nodes when not given", wholeNumber(1, 9))
    .option("--rate <requests>", "requests a second to each fleet; 0: none", wholeNumber(0, 1000), LAB_DEFAULTS.ratePerSecond)
    .option("--router-arg <argument>", "an argument more for each router; may be repeated", collect, [])
    .option("--alb-arg <argument>", "an argument more for each controller of load balancers; may be repeated", collect, [])
    .option(
      "--state <dir>",
      "the lab's folder; emptied at start",
      join(process.env["XDG_STATE_HOME"] ?? join(homedir(), ".local", "state"), "holdfast", "lab"),
    )
    .option("--network-namespace", "in a network of its own, where faults of the network touch nobody else", false)
    .addOption(new Option("--control-plane <kind>", "whose API server and controllers").choices(["embedded", "real"]).default("embedded"))
    .action(runLab);
}

async function runLab(flags: Flags): Promise<void> {
  if (flags.controlPlane === "real") {
    throw new AppError(
      "LAB_BAD_OPTION",
      "--control-plane real is not there yet; a router can be run against a real one: holdfast router --kubeconfig FILE",
    );
  }
  if (flags.json !== undefined && flags.scenario === "none")
    throw new AppError("LAB_BAD_OPTION", "--json needs a scenario: with --scenario none there is no result");
  if (flags.rate === 0 && flags.scenario !== "none")
    throw new AppError(
      "LAB_BAD_OPTION",
      "--rate 0: the scenario is judged by what becomes of requests; give 1 to 1000, or --scenario none",
    );
  if (flags.json !== undefined && flags.json !== "-") checkResultFile(flags.json);
  if (flags.networkNamespace && !isInOwnNamespace(process.env)) {
    process.exitCode = await runBehindDoor(flags.port);
    return;
  }
  const out = flags.json === "-" ? process.stderr : process.stdout;
  const startedMs = systemClock.monoMs();
  const say = (line: string): void =>
    void out.write(`${styleText("dim", `${((systemClock.monoMs() - startedMs) / 1000).toFixed(1).padStart(6)} s`)}  ${line}\n`);
  const ending = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => ending.abort());
  const log = createLog({ level: "warn", name: "lab" });
  const lab = await Lab.prepare(optionsOf(flags), { clock: systemClock, log, say });
  // Nothing else keeps the process alive while it waits for a timer.
  const alive = setInterval(() => {}, 60_000);
  const faults = new Faults(lab, systemClock);
  const phases = flags.scenario === "none" ? [] : PHASES;
  const stage = new Stage(phases, { clock: systemClock, signal: ending.signal, say });
  lab.timeline.onEntry((entry) =>
    say(
      `${entry.policy === null ? "" : `[${entry.policy}] `}${entry.event}${entry.cause === null ? "" : styleText("dim", ` · ${entry.cause}`)}`,
    ),
  );
  let page: ConsoleHandle | undefined;
  let closeDoor = (): void => {};
  try {
    page = await openLabConsole({ lab, faults, stage, scenario: flags.scenario, port: flags.port }, { clock: systemClock, log });
    if (flags.networkNamespace) closeDoor = takeConnections(page.accept, () => ending.abort());
    out.write(`\n  The console: ${styleText("bold", page.url)}\n\n`);
    await lab.start(ending.signal);
    writeHandle(lab, page, flags.networkNamespace ? networkNamespaceOf("self") : null);
    if (flags.scenario === "none") {
      if (flags.rate > 0) await lab.startLoad();
      say("the lab runs; Ctrl-C ends it");
    } else {
      const result = await playZalando2017(lab, faults, stage);
      page.showVerdict(result);
      report(result, flags, out);
      process.exitCode = exitCodeOf(result);
    }
    if (!flags.once && !ending.signal.aborted) {
      if (flags.scenario !== "none") {
        await lab.restartLoad();
        out.write(
          `  The lab goes on: break something yourself at ${page.url}, or look at it with\n  kubectl --kubeconfig ${lab.plan.folder.kubeconfig} get pods -A\n  Ctrl-C ends it.\n`,
        );
      }
      await new Promise<void>((done) => ending.signal.addEventListener("abort", () => done(), { once: true }));
      process.exitCode = ExitCode.ok;
    }
  } catch (thrown) {
    if (!ending.signal.aborted) throw thrown;
    say(`stopped (${messageOf(thrown)})`);
  } finally {
    say("ending every process");
    closeDoor();
    await page?.close();
    await lab.stop();
    clearInterval(alive);
  }
}

function optionsOf(flags: Flags): LabOptions {
  const here = (path: string): string => new URL(path, import.meta.url).pathname;
  const compileCache = process.env["NODE_COMPILE_CACHE"];
  return {
    policies: flags.policy === "both" ? ["naive", "hold"] : [flags.policy],
    nodes: flags.nodes,
    stateDir: resolve(flags.state),
    ...(flags.replicas === undefined ? {} : { replicas: flags.replicas }),
    ratePerSecond: flags.rate,
    routerArguments: flags.routerArg,
    albArguments: flags.albArg,
    apiServerHeapMb: LAB_DEFAULTS.apiServerHeapMb,
    apiServerBigHeapMb: LAB_DEFAULTS.apiServerBigHeapMb,
    flood: LAB_DEFAULTS.flood,
    partEntry: here("lab-part-entry.ts"),
    routerCommand: [process.execPath, here("main.ts"), "router"],
    albCommand: [process.execPath, here("main.ts"), "alb"],
    // Two dozen processes start in containers; without their compiled code that takes half of the processors' time until all is up.
    containerEnv: compileCache === undefined ? {} : { NODE_COMPILE_CACHE: compileCache },
  };
}

function report(result: LabResult, flags: Flags, out: NodeJS.WriteStream): void {
  out.write(`\n${renderTable(result)}\n  ${styleText("bold", `${result.verdict}: ${sentence(result)}`)}\n\n`);
  if (flags.json === undefined) return;
  const text = `${JSON.stringify(result, null, 2)}\n`;
  if (flags.json === "-") {
    process.stdout.write(text);
    return;
  }
  try {
    writeFileSync(flags.json, text);
  } catch (thrown) {
    throw new AppError(
      "LAB_JSON_UNWRITABLE",
      `${flags.json}: the result could not be written (${messageOf(thrown)}); it is in the table above`,
      { cause: thrown },
    );
  }
}

/** Before the scenario is played, not after. Leaves the file as it is, and none where there was none. */
function checkResultFile(file: string): void {
  const wasThere = existsSync(file);
  let why: string;
  if (wasThere && statSync(file).isDirectory()) why = "is a folder";
  else if (!existsSync(dirname(file)) || !statSync(dirname(file)).isDirectory()) why = "its folder is not there";
  else {
    try {
      closeSync(openSync(file, "a"));
      if (!wasThere) rmSync(file);
      return;
    } catch (thrown) {
      why = `cannot be written (${messageOf(thrown)})`;
    }
  }
  throw new AppError("LAB_BAD_OPTION", `--json ${file}: ${why}; give a file that can be written, or '-' for standard output`);
}

function exitCodeOf(result: LabResult): number {
  if (result.verdict === "held") return ExitCode.ok;
  return result.verdict === "deviated" ? ExitCode.failed : ExitCode.inconclusive;
}

function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < min || value > max) throw new InvalidArgumentError(`give a whole number from ${min} to ${max}.`);
    return value;
  };
}
