import { AppError } from "../../../kernel/index.ts";
import type { App } from "../prey/app.ts";
import type { KillCount } from "./attack.ts";

/** How often an application wants to be attacked, and how hard. */
export interface Wish {
  /** Mean time between two attacks, in days on which there are kills; below one it is of time on such days. */
  readonly meanDays: number;
  readonly kills: KillCount;
}

const MTBF = "holdfast.dev/chaos-mtbf";
const KILLS = "holdfast.dev/chaos-kills";
const UNIT_DAYS: Readonly<Record<string, number>> = { d: 1, h: 1 / 24, m: 1 / 1440 };

/**
 * Reads the labels or annotations of an application, ours or kube-monkey's; undefined when it says no mean time. Throws AppError `CHAOS_WISH` for what
 * cannot be read: then it is left alone, and told why.
 */
export function readWish({ kind, key, labels, annotations }: App): Wish | undefined {
  const words = { ...annotations, ...labels };
  const mtbf = words[MTBF] ?? words["kube-monkey/mtbf"];
  if (mtbf === undefined) return undefined;
  const match = /^(\d{1,5})([dhm]?)$/.exec(mtbf);
  const meanDays = Number(match?.[1]) * (UNIT_DAYS[match?.[2] === "" ? "d" : (match?.[2] ?? "")] ?? Number.NaN);
  if (!(meanDays > 0))
    throw bad(words[MTBF] === undefined ? "kube-monkey/mtbf" : MTBF, mtbf, "write days as in 3 or 3d, hours as in 6h or minutes as in 90m");
  return { meanDays, kills: words[KILLS] === undefined ? kubeMonkeyKills(words) : ourKills(words[KILLS]) };

  /** `2`, `30%` or `all`. */
  function ourKills(text: string): KillCount {
    if (text === "all") return { mode: "all" };
    const number = /^(\d{1,4})(%?)$/.exec(text);
    const value = Number(number?.[1]);
    if (number === null || value < 1 || (number[2] === "%" && value > 100))
      throw bad(KILLS, text, "write a number as in 2, a share as in 30%, or all");
    return number[2] === "%" ? { mode: "share", percent: value } : { mode: "fixed", count: value };
  }

  function kubeMonkeyKills(given: Readonly<Record<string, string>>): KillCount {
    const mode = given["kube-monkey/kill-mode"];
    const text = given["kube-monkey/kill-value"] ?? "";
    if (mode === undefined) return { mode: "fixed", count: 1 };
    if (mode === "kill-all") return { mode: "all" };
    const value = /^\d{1,4}$/.test(text) ? Number(text) : Number.NaN;
    const isShare = mode === "fixed-percent" || mode === "random-max-percent";
    if (mode !== "fixed" && !isShare)
      throw bad("kube-monkey/kill-mode", mode, "write fixed, kill-all, fixed-percent or random-max-percent");
    if (!(value >= (isShare ? 0 : 1) && (!isShare || value <= 100)))
      throw bad(
        "kube-monkey/kill-value",
        text,
        `write ${isShare ? "a percentage from 0 to 100" : "a number from 1"} for kill-mode ${mode}`,
      );
    if (!isShare) return { mode: "fixed", count: value };
    return { mode: mode === "fixed-percent" ? "share" : "up-to-share", percent: value };
  }

  function bad(name: string, text: string, mend: string): AppError {
    return new AppError("CHAOS_WISH", `${kind} ${key}: ${name} is ${JSON.stringify(text)}: ${mend}`);
  }
}
