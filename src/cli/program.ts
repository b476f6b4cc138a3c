import type { ChildProcess } from "node:child_process";
import { Command, CommanderError } from "commander";
import { AppError, messageOf } from "../kernel/index.ts";
import { ExitCode } from "./exit-codes.ts";
import { VERSION } from "./version.ts";

/** Commands are loaded when they are asked for: a router must not wait for the lab's code to be read. */
const commands: Readonly<Record<string, { readonly summary: string; load(worker: ChildProcess | undefined): Promise<Command> }>> = {
  lab: {
    summary: "a cluster on this machine, and the outage of 2017 played on it",
    load: async () => (await import("./lab.ts")).labCommand(),
  },
  router: {
    summary: "the ingress: reverse proxy and controller",
    load: async (worker) => (await import("./router.ts")).routerCommand(worker),
  },
  alb: {
    summary: "the controller of load balancers",
    load: async () => (await import("./alb.ts")).albCommand(),
  },
  routes: { summary: "check, format, convert and match routes", load: async () => (await import("./routes.ts")).routesCommand() },
  experiment: {
    summary: "break it on purpose and judge what came of it",
    load: async () => (await import("./experiment.ts")).experimentCommand(),
  },
  "fault-proxy": {
    summary: "a proxy that breaks connections on purpose, with Toxiproxy's API",
    load: async () => (await import("./fault-proxy.ts")).faultProxyCommand(),
  },
  chaos: {
    summary: "kill pods again and again, of those who agreed to it",
    load: async () => (await import("./chaos.ts")).chaosCommand(),
  },
  load: {
    summary: "requests at a rate of their own, and what became of them",
    load: async () => (await import("./load.ts")).loadCommand(),
  },
  postmortem: {
    summary: "drafts from the evidence of experiments, and what is still to be done",
    load: async () => (await import("./postmortem.ts")).postmortemCommand(),
  },
  doctor: {
    summary: "what experiments can do on this host",
    load: async () => (await import("./doctor.ts")).doctorCommand(),
  },
  hold: { summary: "what is held back and why; approve or reject it", load: async () => (await import("./hold.ts")).holdCommand() },
};

/**
 * Runs the command line and sets the exit code. `worker` is a router's first worker, started ahead; it is ended here when no router
 * came of it.
 */
export async function runProgram(argv: readonly string[], worker: ChildProcess | undefined): Promise<void> {
  try {
    await run(argv, worker);
  } catch (thrown) {
    if (thrown instanceof CommanderError) {
      process.exitCode = thrown.exitCode === 0 ? ExitCode.ok : ExitCode.badInput;
    } else {
      process.stderr.write(`holdfast: ${messageOf(thrown)}\n`);
      if (!(thrown instanceof AppError) && process.env["HOLDFAST_TRACE"] !== undefined)
        process.stderr.write(`${(thrown as Error).stack ?? ""}\n`);
      process.exitCode = thrown instanceof AppError ? ExitCode.badInput : ExitCode.failed;
    }
  }
  worker?.kill("SIGKILL");
}

async function run(argv: readonly string[], worker: ChildProcess | undefined): Promise<void> {
  const program = new Command("holdfast")
    .description("The ingress of a Kubernetes cluster on AWS that keeps serving when the control plane does not.")
    .version(VERSION)
    .showHelpAfterError("Run with --help for the usage.");
  const name = argv[0] ?? "";
  // What serves goes on without: a disk that is full must not end it.
  process.stdout.on("error", name === "router" || name === "alb" ? () => {} : outputLost);
  for (const [known, command] of Object.entries(commands)) {
    program.addCommand(known === name ? await command.load(worker) : new Command(known).description(command.summary));
  }
  exitInsteadOfCommander(program);
  if (name === "") {
    program.outputHelp({ error: true });
    process.exitCode = ExitCode.badInput;
    return;
  }
  await program.parseAsync([...argv], { from: "user" });
}

/** Who reads may have had enough (`| head`). */
function outputLost(error: NodeJS.ErrnoException): void {
  if (error.code === "EPIPE") return;
  process.stderr.write(`holdfast: standard output cannot be written: ${error.message}\n`);
  process.exitCode = ExitCode.failed;
}

/** Commander exits with 1 on bad usage; ours is 2, and only after output is flushed. */
function exitInsteadOfCommander(command: Command): void {
  command.exitOverride();
  for (const sub of command.commands) exitInsteadOfCommander(sub);
}
