const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? ([^ ]+)/;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"/g;

/** The sum of all samples of a metric that have these labels, in Prometheus' text format; undefined when there is none. */
export function sumOf(text: string, metric: string, labels: Readonly<Record<string, string>>): number | undefined {
  let sum: number | undefined;
  for (const line of text.split("\n")) {
    const [, name, said = "", value] = SAMPLE.exec(line) ?? [];
    if (name !== metric) continue;
    const own = new Map([...said.matchAll(LABEL)].map(([, label = "", text = ""]) => [label, text]));
    if (Object.entries(labels).every(([label, wanted]) => own.get(label) === wanted)) sum = (sum ?? 0) + Number(value);
  }
  return sum;
}
