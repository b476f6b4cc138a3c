import type { BalancedTargetView, ListenerView, PlannedStepView } from "../contract.ts";
import { age } from "./words.ts";

type CertificateView = ListenerView["certificates"][number];

/** Names looked at first: the others are counted. */
const NAMES_SHOWN = 3;

/** `*.example.org, example.org, valid until 2027-01-31`. */
export function certificateText({ arn, names, notAfter }: CertificateView): string {
  const more = names.length - NAMES_SHOWN;
  const shown = names.length === 0 ? arn : names.slice(0, NAMES_SHOWN).join(", ");
  return `${shown}${more > 0 ? ` and ${more} more` : ""}${notAfter === null ? "" : `, valid until ${notAfter.slice(0, 10)}`}`;
}

/** How old what is shown is. */
export function readingText(ageSeconds: number | null): string {
  return ageSeconds === null ? "Not read yet." : `Read ${age(ageSeconds)} ago.`;
}

const TONES: Readonly<Record<string, "good" | "alarm">> = { healthy: "good", unhealthy: "alarm", unavailable: "alarm" };

/** A state that is not known to be good or bad is a warning: AWS may have new words. */
export function targetTone(state: string): "good" | "warning" | "alarm" {
  return TONES[state] ?? "warning";
}

const URGENCY = { alarm: 0, warning: 1, good: 2 } as const;

/** What is wrong first; then by zone and id. */
export function sortedTargets(targets: readonly BalancedTargetView[]): readonly BalancedTargetView[] {
  const order = ({ zone, id, port }: BalancedTargetView): string => `${zone ?? ""} ${id} ${String(port).padStart(5, "0")}`;
  return targets.toSorted(
    (one, other) => URGENCY[targetTone(one.state)] - URGENCY[targetTone(other.state)] || (order(one) < order(other) ? -1 : 1),
  );
}

/** As in a diff. */
export function stepMark(effect: PlannedStepView["effect"]): string {
  return { add: "+", change: "~", remove: "−" }[effect];
}
