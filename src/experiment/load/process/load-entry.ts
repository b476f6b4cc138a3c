import { messageOf, seededRandom, systemClock } from "../../../kernel/index.ts";
import { readPlan } from "../plan/read-plan.ts";
import { runLoad } from "../run-load.ts";
import type { LoadCommand, LoadMessage } from "./load-messages.ts";

/** A process of its own: what else the experiment does must not make the generator late. It ends with its parent. */

/** How long, after SIGTERM, answers to what is under way are waited for. */
const DRAIN_MS = 3_000;

const stopping = new AbortController();
const abandoning = new AbortController();
let isStarted = false;
process.on("disconnect", () => process.exit(0));
// A terminal sends these to the whole group; the experiment tells when to stop.
process.on("SIGINT", () => {});
process.on("SIGTERM", () => {
  stopping.abort();
  if (!isStarted) process.exit(0);
  setTimeout(() => abandoning.abort(), DRAIN_MS).unref();
});
process.on("message", (command: LoadCommand) => {
  if (command.do === "stop") stopping.abort();
  else void run(command);
});

async function run({ plan: given, addresses, seed, tls }: Extract<LoadCommand, { do: "start" }>): Promise<void> {
  isStarted = true;
  try {
    const { plan } = readPlan(given);
    const result = await runLoad(
      { ...plan, tls: { ...plan.tls, ...tls } },
      {
        clock: systemClock,
        random: seededRandom(seed),
        addresses,
        signal: stopping.signal,
        abandon: abandoning.signal,
        onProgress: ({ settled, unsettled, totals, latencies }) =>
          tell({ is: "progress", settled, unsettled: unsettled(), totals, latencies: latencies() }),
      },
    );
    tell({ is: "result", result });
  } catch (error) {
    tell({ is: "failed", message: messageOf(error) });
  }
  process.disconnect?.();
}

function tell(message: LoadMessage): void {
  process.send?.(message);
}
