import { Command } from "commander";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { awsEnvironment, awsWay, kubernetesWay, parseAddress, startFaultProxy } from "../experiment/index.ts";
import { messageOf, seededRandom, systemClock } from "../kernel/index.ts";
import { loadKubeconfig } from "../kube/index.ts";
import { badUsage, readToken, wholeNumber } from "./flag-values.ts";

interface FaultProxyFlags {
  readonly control: string;
  readonly tokenFile?: string;
  readonly config?: string;
  readonly seed?: string;
  readonly kubeconfig?: string;
  readonly kubeconfigOut: string;
  readonly awsEndpoint?: string;
  readonly awsEnvOut: string;
}

/** `holdfast fault-proxy` (docs/reference/fault-proxy.md). */
export function faultProxyCommand(): Command {
  return new Command("fault-proxy")
    .description("Proxies that break connections on purpose, told what to do by Toxiproxy's API.")
    .option("--control <ADDR:PORT>", "where the API answers", "127.0.0.1:8474")
    .option("--token-file <FILE>", "the API answers only who sends the token in it")
    .option("--config <FILE>", "proxies to begin with: a JSON list as of Toxiproxy's -config")
    .option("--kubeconfig <FILE>", "a proxy before the API server of this cluster")
    .option("--kubeconfig-out <FILE>", "where the kubeconfig goes that leads through it", "fault-proxy.kubeconfig")
    .option("--aws-endpoint <URL>", "a proxy before an endpoint that answers for all of AWS: a lab's, or an emulator's")
    .option("--aws-env-out <FILE>", "where the environment goes that leads through it", "fault-proxy.env")
    .option("--seed <N>", "what is left to chance is the same for the same seed (otherwise: one of its own, printed)")
    .action(run);
}

async function run(flags: FaultProxyFlags): Promise<void> {
  const most = 2 ** 32 - 1;
  const seed = flags.seed === undefined ? Math.floor(Math.random() * most) : wholeNumber(flags.seed, "--seed", 0, most);
  const kubernetes =
    flags.kubeconfig === undefined ? undefined : kubernetesWay(await loadKubeconfig(flags.kubeconfig), systemClock.wallMs());
  const aws = flags.awsEndpoint === undefined ? undefined : awsWay(flags.awsEndpoint);
  const proxy = await startFaultProxy(
    {
      control: parseAddress(flags.control),
      token: flags.tokenFile === undefined ? undefined : readToken(flags.tokenFile, "--token-file"),
      config: flags.config === undefined ? undefined : { file: flags.config, text: read(flags.config) },
      proxies: [...(kubernetes === undefined ? [] : [kubernetes.proxy]), ...(aws === undefined ? [] : [aws])],
    },
    { clock: systemClock, random: seededRandom(seed), report: (text) => process.stderr.write(`fault proxy: ${text}\n`) },
  );
  if (kubernetes !== undefined)
    writeOut(flags.kubeconfigOut, kubernetes.kubeconfig(proxy.listenOf(kubernetes.proxy.name ?? "")), "kubeconfig");
  if (aws !== undefined) writeOut(flags.awsEnvOut, awsEnvironment(proxy.listenOf(aws.name ?? "")), "environment");
  process.stdout.write(`fault proxy: control API on http://${proxy.control}, seed ${seed}\n`);
  await new Promise<void>((resolve) => {
    process.once("SIGINT", resolve);
    process.once("SIGTERM", resolve);
  });
  await proxy.close();
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw badUsage(`--config ${file} cannot be read: ${messageOf(error)}`);
  }
}

/** For its owner alone: it lets whoever has it into the cluster. */
function writeOut(file: string, text: string, what: string): void {
  try {
    rmSync(file, { force: true });
    writeFileSync(file, text, { mode: 0o600, flag: "wx" });
  } catch (error) {
    throw badUsage(`${file}: the ${what} cannot be written: ${messageOf(error)}`);
  }
  process.stdout.write(`fault proxy: ${what} through it in ${file}\n`);
}
