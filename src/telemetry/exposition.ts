import { type Exemplar, type FamilyDump, bucketOf } from "./metrics.ts";

/** A text form of metrics with its content type. */
export interface Exposition {
  readonly contentType: string;
  render(families: readonly FamilyDump[]): string;
}

/** Prometheus text exposition format 0.0.4 (page "Exposition formats" of the Prometheus documentation). */
export const prometheusText: Exposition = {
  contentType: "text/plain; version=0.0.4; charset=utf-8",
  render: (families) =>
    families.map((family) => describe(family, family.name, escapeHelp(family.help)) + samples(family, "", String, () => "")).join(""),
};

/**
 * OpenMetrics 1.0.0 (https://prometheus.io/docs/specs/om/open_metrics_spec/): a counter is named without the `_total` of its samples, a unit is said,
 * bounds of buckets are written as floats, buckets have exemplars, and the end is marked, so that half an answer is not taken for a whole one.
 */
export const openMetricsText: Exposition = {
  contentType: "application/openmetrics-text; version=1.0.0; charset=utf-8",
  render(families) {
    let text = "";
    for (const family of families) {
      const name = family.kind === "counter" ? family.name.replace(/_total$/, "") : family.name;
      text += describe(family, name, escapeLabel(family.help));
      const unit = /_(seconds|bytes)$/.exec(name)?.[1];
      if (unit !== undefined) text += `# UNIT ${name} ${unit}\n`;
      text += samples({ ...family, name }, family.kind === "counter" ? "_total" : "", canonicalFloat, exemplarText);
    }
    return `${text}# EOF\n`;
  },
};

/** The form that an Accept field asks for (RFC 9110 section 12.5.1); Prometheus text where it does not want OpenMetrics more. */
export function chooseExposition(accept: string | undefined): Exposition {
  let openMetrics = 0;
  let text = 0;
  for (const range of (accept ?? "").toLowerCase().split(",")) {
    const [type = "", ...parameters] = range.split(";").map((part) => part.trim());
    const valueOf = (name: string): string | undefined => parameters.find((part) => part.startsWith(`${name}=`))?.slice(name.length + 1);
    const weight = Number(valueOf("q") ?? 1);
    if (!(weight >= 0 && weight <= 1)) continue;
    const version = valueOf("version");
    if (type === "application/openmetrics-text" && (version === undefined || version === "1.0.0"))
      openMetrics = Math.max(openMetrics, weight);
    if (type === "text/plain" || type === "text/*" || type === "*/*") text = Math.max(text, weight);
  }
  return openMetrics > 0 && openMetrics >= text ? openMetricsText : prometheusText;
}

function describe({ kind }: FamilyDump, name: string, help: string): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} ${kind}\n`;
}

function samples(
  family: FamilyDump,
  suffix: string,
  formatBound: (bound: number) => string,
  formatExemplar: (exemplar: Exemplar | undefined) => string,
): string {
  let text = "";
  for (const { labelValues, values, exemplars = [] } of family.series) {
    const pairs = family.labels.map((label, at) => `${label}="${escapeLabel(labelValues[at] ?? "")}"`);
    if (family.kind !== "histogram") {
      text += `${family.name}${suffix}${braces(pairs)} ${formatNumber(values[0] ?? 0)}\n`;
      continue;
    }
    let count = 0;
    for (let at = 0; at <= family.bounds.length; at++) {
      count += values[at] ?? 0;
      const bound = family.bounds[at];
      const exemplar = exemplars.find(({ value }) => bucketOf(value, family.bounds) === at);
      text += `${family.name}_bucket${braces([...pairs, `le="${bound === undefined ? "+Inf" : formatBound(bound)}"`])} ${count}${formatExemplar(exemplar)}\n`;
    }
    text += `${family.name}_sum${braces(pairs)} ${formatNumber(values[family.bounds.length + 1] ?? 0)}\n${family.name}_count${braces(pairs)} ${count}\n`;
  }
  return text;
}

/** ` # {trace_id="…"} value time`, seconds as all times of the format. */
function exemplarText(exemplar: Exemplar | undefined): string {
  if (exemplar === undefined) return "";
  return ` # {trace_id="${exemplar.traceId}"} ${formatNumber(exemplar.value)} ${(exemplar.atMs / 1000).toFixed(3)}`;
}

function braces(pairs: readonly string[]): string {
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function escapeHelp(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
}

function escapeLabel(text: string): string {
  return escapeHelp(text).replaceAll('"', '\\"');
}

/** `1.0`, where it has no fraction and no exponent. */
function canonicalFloat(value: number): string {
  const text = String(value);
  return /^-?\d+$/.test(text) ? `${text}.0` : text;
}

function formatNumber(value: number): string {
  if (value === Infinity) return "+Inf";
  if (value === -Infinity) return "-Inf";
  return String(value);
}
