import type { WriteStream } from "node:tty";
import { type JsonObject, type RunObserver, textAt } from "../experiment/index.ts";
import type { Clock } from "../kernel/index.ts";

const PHASES = {
  before: "is it well before anything is done?",
  method: "method",
  after: "is it well after the method?",
  rollbacks: "rollbacks",
} as const;

/** What happens while an experiment is played: one line each, and on a terminal a last line that is written over for looks that met. */
export function experimentProgress(stream: WriteStream, clock: Clock): RunObserver {
  const startedMs = clock.monoMs();
  let looks = 0;
  let isLive = false;

  function line(text: string): void {
    if (isLive) stream.write("\r\u001B[K");
    isLive = false;
    stream.write(`${stamp()} ${text}\n`);
  }

  function stamp(): string {
    return `${((clock.monoMs() - startedMs) / 1000).toFixed(1).padStart(7)}s`;
  }

  return {
    phase: (phase) => line(PHASES[phase]),
    activityStarts(activity) {
      if (activity["tolerance"] === undefined) line(`  ${described(activity)}`);
    },
    activityEnds({ activity, status, exception }) {
      if (status === "failed") line(`  ${described(activity)} failed: ${(exception?.at(-1) ?? "").trim()}`);
    },
    judged({ activity, output, tolerance_met }) {
      const answer = shortened(JSON.stringify(output));
      line(
        `  ${described(activity)}: ${answer}${tolerance_met === true ? "" : tolerance_met === false ? ", out of its tolerance" : ", cannot be judged"}`,
      );
    },
    looked({ steady_state_met, probes }, when) {
      looks++;
      const missed = probes.at(-1)?.activity;
      if (steady_state_met !== true)
        line(`  steady state ${when}: NOT met${missed === undefined ? "" : ` (${textAt(missed, "name") ?? ""})`}`);
      else if (when !== "during") line(`  steady state ${when}: met`);
      else if (stream.isTTY) {
        stream.write(`\r\u001B[K${stamp()}   looks at the steady state: ${looks}`);
        isLive = true;
      }
    },
  };
}

function described(activity: JsonObject): string {
  const background = activity["background"] === true ? " (in the background)" : "";
  return `${textAt(activity, "type") ?? "activity"} ${textAt(activity, "name") ?? ""}${background}`;
}

function shortened(text: string): string {
  return text.length > 160 ? `${text.slice(0, 160)}…` : text;
}
