import type { KillerPlan } from "./plan-now.ts";

const MOST_NAMES = 8;

/** For people: victims first, then the others by the reason why they are safe. */
export function printPlan({ at, quiet, nextOpen, victims, spared }: KillerPlan): string {
  const reasons = new Map<string, string[]>();
  for (const { pod, why } of spared) reasons.set(why, [...(reasons.get(why) ?? []), pod.key]);
  const lines = [
    quiet === undefined ? `${at}: kills are allowed` : `${at}: quiet, ${quiet}; the next kill is possible ${nextOpen ?? "never"}`,
    victims.length === 0 ? "nobody is drawn" : `drawn: ${victims.length}${quiet === undefined ? "" : " (if it were not quiet)"}`,
    ...victims.map(({ pod, owner, health }) => `  ${pod.key}  ${owner}: ${health}`),
    `safe: ${spared.length}`,
    ...[...reasons].map(
      ([why, keys]) =>
        `  ${why}: ${keys.slice(0, MOST_NAMES).join(" ")}${keys.length > MOST_NAMES ? ` and ${keys.length - MOST_NAMES} more` : ""}`,
    ),
  ];
  return `${lines.join("\n")}\n`;
}
