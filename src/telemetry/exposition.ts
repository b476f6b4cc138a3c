import type { FamilyDump } from "./metrics.ts";

/** Content type of {@link renderMetrics}. */
export const METRICS_CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** Prometheus text exposition format 0.0.4 (page "Exposition formats" of the Prometheus documentation). */
export function renderMetrics(families: readonly FamilyDump[]): string {
  let text = "";
  for (const family of families) {
    text += `# HELP ${family.name} ${family.help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")}\n# TYPE ${family.name} ${family.kind}\n`;
    for (const { labelValues, values } of family.series) {
      const pairs = family.labels.map((label, at) => `${label}="${escapeLabel(labelValues[at] ?? "")}"`);
      if (family.kind !== "histogram") {
        text += `${family.name}${braces(pairs)} ${formatNumber(values[0] ?? 0)}\n`;
        continue;
      }
      let count = 0;
      for (let at = 0; at <= family.bounds.length; at++) {
        count += values[at] ?? 0;
        const bound = family.bounds[at];
        text += `${family.name}_bucket${braces([...pairs, `le="${bound === undefined ? "+Inf" : formatNumber(bound)}"`])} ${count}\n`;
      }
      text += `${family.name}_sum${braces(pairs)} ${formatNumber(values[family.bounds.length + 1] ?? 0)}\n${family.name}_count${braces(pairs)} ${count}\n`;
    }
  }
  return text;
}

function braces(pairs: readonly string[]): string {
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function escapeLabel(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}

function formatNumber(value: number): string {
  if (value === Infinity) return "+Inf";
  if (value === -Infinity) return "-Inf";
  return String(value);
}
