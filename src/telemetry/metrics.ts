import { AppError } from "../kernel/index.ts";

type Kind = "counter" | "gauge" | "histogram";

/** One time series with a single number; the slot is bound when it is made, so an update is one array write. */
export class Cell {
  readonly #family: Family;
  readonly #slot: number;
  constructor(family: Family, slot: number) {
    this.#family = family;
    this.#slot = slot;
  }
  /** Adds `amount` (1 when left out). A counter takes no negative amounts; that is the caller's promise, not checked. */
  add(amount = 1): void {
    const values = this.#family.values;
    values[this.#slot] = (values[this.#slot] as number) + amount;
  }
  /** Replaces the value; for gauges. */
  set(value: number): void {
    this.#family.values[this.#slot] = value;
  }
  get value(): number {
    return this.#family.values[this.#slot] as number;
  }
}

/** One histogram series: cumulative buckets are made when it is read, so `observe` is a short scan and two writes. */
export class HistogramCell {
  readonly #family: Family;
  readonly #slot: number;
  constructor(family: Family, slot: number) {
    this.#family = family;
    this.#slot = slot;
  }
  /** Counts `value` (same unit as the bucket bounds). */
  observe(value: number): void {
    const { values, bounds } = this.#family;
    const at = this.#slot + bucketOf(value, bounds);
    values[at] = (values[at] as number) + 1;
    const sum = this.#slot + bounds.length + 1;
    values[sum] = (values[sum] as number) + value;
  }
  /** Names the trace of a value that was counted: the last one of each bucket is shown. */
  exemplify(exemplar: Exemplar): void {
    this.#family.exemplars.set(this.#slot + bucketOf(exemplar.value, this.#family.bounds), exemplar);
  }
}

/** A value of a histogram that a trace tells more of. */
export interface Exemplar {
  readonly traceId: string;
  readonly value: number;
  /** Milliseconds since the epoch. */
  readonly atMs: number;
}

/** Which bucket a value is counted in; the one behind the last bound is `bounds.length`. */
export function bucketOf(value: number, bounds: readonly number[]): number {
  let bucket = 0;
  while (bucket < bounds.length && value > (bounds[bucket] as number)) bucket++;
  return bucket;
}

/** A metric with its label names; `width` numbers a series in one growing typed array. */
class Family {
  readonly name: string;
  readonly help: string;
  readonly kind: Kind;
  readonly labels: readonly string[];
  readonly bounds: readonly number[];
  readonly width: number;
  readonly series = new Map<string, { readonly labelValues: readonly string[]; readonly slot: number }>();
  values: Float64Array;
  /** By the slot of their bucket. */
  readonly exemplars = new Map<number, Exemplar>();

  constructor(name: string, help: string, kind: Kind, labels: readonly string[], bounds: readonly number[]) {
    this.name = name;
    this.help = help;
    this.kind = kind;
    this.labels = labels;
    this.bounds = bounds;
    this.width = kind === "histogram" ? bounds.length + 2 : 1;
    this.values = new Float64Array(8 * this.width);
  }

  slotFor(labelValues: readonly string[]): number {
    if (labelValues.length !== this.labels.length) {
      throw new AppError(
        "TELEMETRY_LABELS",
        `metric ${this.name} has labels [${this.labels.join(", ")}], got ${labelValues.length} values`,
      );
    }
    const key = labelValues.join("\u0000");
    const known = this.series.get(key);
    if (known !== undefined) return known.slot;
    const slot = this.series.size * this.width;
    if (slot + this.width > this.values.length) {
      const grown = new Float64Array(this.values.length * 2);
      grown.set(this.values);
      this.values = grown;
    }
    this.series.set(key, { labelValues: [...labelValues], slot });
    return slot;
  }
}

/** A family as plain data: what workers send to the process that answers /metrics. */
export interface FamilyDump {
  readonly name: string;
  readonly help: string;
  readonly kind: Kind;
  readonly labels: readonly string[];
  readonly bounds: readonly number[];
  readonly series: readonly SeriesDump[];
}

export interface SeriesDump {
  readonly labelValues: readonly string[];
  readonly values: readonly number[];
  /** Of a histogram, at most one a bucket; left out where there is none. */
  readonly exemplars?: readonly Exemplar[];
}

/**
 * A set of metrics. Families are declared once, at start; `with(...)` binds one series and is not for the request
 * path: keep the cell. Text form: Prometheus text exposition 0.0.4.
 */
export class MetricsRegistry {
  readonly #families = new Map<string, Family>();

  counter(name: string, help: string, labels: readonly string[] = []): { with(...labelValues: string[]): Cell } {
    return this.#cells(this.#family(name, help, "counter", labels, []));
  }

  gauge(name: string, help: string, labels: readonly string[] = []): { with(...labelValues: string[]): Cell } {
    return this.#cells(this.#family(name, help, "gauge", labels, []));
  }

  /** `bounds` are the upper bucket limits, ascending, without +Inf. */
  histogram(
    name: string,
    help: string,
    bounds: readonly number[],
    labels: readonly string[] = [],
  ): { with(...labelValues: string[]): HistogramCell } {
    const family = this.#family(name, help, "histogram", labels, bounds);
    return { with: (...labelValues) => new HistogramCell(family, family.slotFor(labelValues)) };
  }

  /** Everything as plain data. */
  dump(): FamilyDump[] {
    return [...this.#families.values()].map((family) => ({
      name: family.name,
      help: family.help,
      kind: family.kind,
      labels: family.labels,
      bounds: family.bounds,
      series: [...family.series.values()].map(({ labelValues, slot }) => ({
        labelValues,
        values: [...family.values.subarray(slot, slot + family.width)],
        ...exemplarsIn(family, slot),
      })),
    }));
  }

  #cells(family: Family): { with(...labelValues: string[]): Cell } {
    return { with: (...labelValues) => new Cell(family, family.slotFor(labelValues)) };
  }

  #family(name: string, help: string, kind: Kind, labels: readonly string[], bounds: readonly number[]): Family {
    const known = this.#families.get(name);
    if (known !== undefined) {
      if (known.kind !== kind || known.labels.join() !== labels.join()) {
        throw new AppError("TELEMETRY_REDECLARED", `metric ${name} is declared twice with different kinds or labels`);
      }
      return known;
    }
    const twin = name.endsWith("_total") ? name.slice(0, -"_total".length) : `${name}_total`;
    if (this.#families.has(twin)) throw new AppError("TELEMETRY_REDECLARED", `metrics ${name} and ${twin} have one name in OpenMetrics`);
    const family = new Family(name, help, kind, labels, bounds);
    this.#families.set(name, family);
    return family;
  }
}

function exemplarsIn(family: Family, slot: number): Pick<SeriesDump, "exemplars"> {
  const found: Exemplar[] = [];
  if (family.exemplars.size === 0) return {};
  for (let bucket = 0; bucket <= family.bounds.length; bucket++) {
    const exemplar = family.exemplars.get(slot + bucket);
    if (exemplar !== undefined) found.push(exemplar);
  }
  return found.length === 0 ? {} : { exemplars: found };
}

/** The last one of each bucket. */
function newestExemplars(bounds: readonly number[], exemplars: readonly Exemplar[]): Exemplar[] {
  const newest = new Map<number, Exemplar>();
  for (const exemplar of exemplars) {
    const bucket = bucketOf(exemplar.value, bounds);
    const known = newest.get(bucket);
    if (known === undefined || known.atMs < exemplar.atMs) newest.set(bucket, exemplar);
  }
  return [...newest.values()];
}

interface MergedSeries {
  readonly labelValues: readonly string[];
  readonly values: number[];
  exemplars?: readonly Exemplar[];
}

/** Adds up the dumps of several processes: series with the same labels become one, their numbers summed, their last exemplars kept. */
export function mergeDumps(dumps: readonly (readonly FamilyDump[])[]): FamilyDump[] {
  const merged = new Map<string, { family: FamilyDump; series: Map<string, MergedSeries> }>();
  for (const family of dumps.flat()) {
    let entry = merged.get(family.name);
    if (entry === undefined) {
      entry = { family, series: new Map() };
      merged.set(family.name, entry);
    }
    for (const { labelValues, values, exemplars } of family.series) {
      const key = labelValues.join("\u0000");
      const known = entry.series.get(key);
      if (known === undefined) {
        entry.series.set(key, { labelValues, values: [...values], ...(exemplars === undefined ? {} : { exemplars }) });
        continue;
      }
      values.forEach((value, at) => (known.values[at] = (known.values[at] ?? 0) + value));
      if (exemplars !== undefined) known.exemplars = newestExemplars(family.bounds, [...(known.exemplars ?? []), ...exemplars]);
    }
  }
  return [...merged.values()].map(({ family, series }) => ({ ...family, series: [...series.values()] }));
}
