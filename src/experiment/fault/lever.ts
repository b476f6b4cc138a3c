import { statSync } from "node:fs";
import { join } from "node:path";
import { type Clock, messageOf } from "../../kernel/index.ts";
import { runsIn } from "./runs.ts";

/** While a file of this name is in the state folder, nothing is broken, and what plays is ended. */
const LEVER = "halt";

/** Why nothing may be broken now; undefined when it may. A lever that cannot be looked at is pulled. */
export function leverOf(state: string): string | undefined {
  const file = join(state, LEVER);
  try {
    return statSync(file, { throwIfNoEntry: false }) === undefined ? undefined : `${file} is there`;
  } catch (error) {
    return `${file} cannot be looked at (${messageOf(error)})`;
  }
}

/** Why another run's last fault is too young; undefined when there is none. The ledgers of the state folder know. */
export function tooSoon(state: string, run: string, apartSeconds: number, clock: Clock): string | undefined {
  if (apartSeconds <= 0) return undefined;
  const others = runsIn(state).filter(({ owner }) => owner.run !== run);
  const last = others
    .flatMap(({ faults }) => faults.map(({ intendedAt }) => Date.parse(intendedAt)))
    .reduce((a, b) => Math.max(a, b), -Infinity);
  const ageS = (clock.wallMs() - last) / 1000;
  return ageS < apartSeconds
    ? `another run broke something ${Math.max(0, ageS).toFixed(0)} s ago, and faults are to be ${apartSeconds} s apart (--faults-apart)`
    : undefined;
}
