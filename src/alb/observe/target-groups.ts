import type { Aws, TargetHealth } from "../../aws/index.ts";
import type { AppError } from "../../kernel/index.ts";
import type { Evidence } from "../evidence.ts";
import type { ObservedTargetGroup } from "../plan/observed.ts";
import { both } from "./evidence-of.ts";
import { type ObserveDeps, Reading } from "./reading.ts";

type Settings = Pick<ObservedTargetGroup, "attributes" | "targets">;

interface Readings {
  readonly attributes: Reading<ReadonlyMap<string, string>>;
  readonly health: Reading<readonly TargetHealth[]>;
}

/** Attributes of target groups, and the health of their targets, which changes by itself. */
export class TargetGroupSettings {
  readonly #elb: Pick<Aws["elb"], "targetGroupAttributes" | "targetHealth">;
  readonly #everyMs: number;
  readonly #deps: ObserveDeps;
  readonly #readings = new Map<string, Readings>();
  #isOneGone = false;

  constructor(elb: Pick<Aws["elb"], "targetGroupAttributes" | "targetHealth">, everyMs: number, deps: ObserveDeps) {
    this.#elb = elb;
    this.#everyMs = everyMs;
    this.#deps = deps;
  }

  /** `healthMostMs`: how old the health of targets may be. */
  async refresh(arn: string, healthMostMs: number): Promise<void> {
    const { attributes, health } = this.#readingsOf(arn);
    await Promise.all([attributes.refresh(), health.refresh(healthMostMs)]);
  }

  known(arn: string): Evidence<Settings> {
    const { attributes, health } = this.#readingsOf(arn);
    return both(attributes.evidence(), health.evidence(), (known, targets) => ({ attributes: known, targets }));
  }

  /** Whether AWS said since this was asked last that one of them is not there. */
  tookGone(): boolean {
    const wasGone = this.#isOneGone;
    this.#isOneGone = false;
    return wasGone;
  }

  lookAgain(arn: string): void {
    const readings = this.#readings.get(arn);
    readings?.attributes.lookAgain();
    readings?.health.lookAgain();
  }

  keepOnly(arns: ReadonlySet<string>): void {
    for (const arn of this.#readings.keys()) if (!arns.has(arn)) this.#readings.delete(arn);
  }

  async #unlessGone<T>(answer: Promise<T>): Promise<T> {
    try {
      return await answer;
    } catch (error) {
      if ((error as AppError).code === "AWS_NOT_FOUND") this.#isOneGone = true;
      throw error;
    }
  }

  #readingsOf(arn: string): Readings {
    const known = this.#readings.get(arn);
    if (known !== undefined) return known;
    const readings = {
      attributes: new Reading(() => this.#unlessGone(this.#elb.targetGroupAttributes(arn)), this.#everyMs, this.#deps),
      health: new Reading(() => this.#unlessGone(this.#elb.targetHealth(arn)), this.#everyMs, this.#deps),
    };
    this.#readings.set(arn, readings);
    return readings;
  }
}
