import { rmSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { identify, messageOf, seededRandom, systemClock } from "../../kernel/index.ts";
import { type FaultProxy, startFaultProxy } from "./fault-proxy.ts";

/**
 * A fault proxy that a run of an experiment starts. It is told what to do by one line on standard input and answers where its API is by one on
 * standard output. When the input ends, the run is gone, and so are the proxy and what it breaks.
 */
export interface EntryOrder {
  readonly from: string | null;
  readonly token: string;
  readonly seed: number;
  /** Says which process this is as long as it runs, for who has to end it when the run cannot. */
  readonly identityFile: string;
}

// Ctrl-C is the run's: it puts things back first.
process.on("SIGINT", () => {});

let proxy: FaultProxy | undefined;
let identityFile: string | undefined;

async function begin(line: string): Promise<void> {
  const order = JSON.parse(line) as EntryOrder;
  identityFile = order.identityFile;
  writeFileSync(identityFile, JSON.stringify(identify(process.pid)), { flag: "wx", mode: 0o600 });
  proxy = await startFaultProxy(
    {
      control: { host: "127.0.0.1", port: 0 },
      token: order.token,
      ...(order.from === null ? {} : { from: order.from }),
      config: undefined,
    },
    { clock: systemClock, random: seededRandom(order.seed), report: (text) => process.stderr.write(`fault proxy: ${text}\n`) },
  );
  process.stdout.write(`${JSON.stringify({ control: proxy.control })}\n`);
}

function end(): void {
  if (identityFile !== undefined) rmSync(identityFile, { force: true });
  // Connections are cut with the process: nobody waits for them.
  process.exit(0);
}

process.on("SIGTERM", end);
const input = createInterface({ input: process.stdin });
input.once("line", (line) => {
  begin(line).catch((error: unknown) => {
    process.stdout.write(`${JSON.stringify({ problem: messageOf(error) })}\n`);
    end();
  });
});
input.once("close", end);
