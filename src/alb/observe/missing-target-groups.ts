import type { Aws } from "../../aws/index.ts";
import { AppError } from "../../kernel/index.ts";
import { type ObserveDeps, Reading } from "./reading.ts";

/** AWS has to say it twice so far apart: what was made a moment ago may not be known everywhere. */
const APART_MS = 5 * 60_000;
/** More of them in one account are told when some are mended. */
const MOST_ASKED = 20;

type Absence = { readonly sinceMs: number; readonly atMs: number } | undefined;

/**
 * Target groups that Auto Scaling groups have attached and that are gone: such a group starts no instance any more. They are told, because those whose name
 * none of ours has stay: whose they were stood in their tags, which are gone with them. What the controller itself deletes it detaches before.
 */
export class MissingTargetGroups {
  readonly #elb: Pick<Aws["elb"], "targetGroup">;
  readonly #everyMs: number;
  readonly #deps: ObserveDeps;
  readonly #readings = new Map<string, Reading<Absence>>();

  constructor(elb: Pick<Aws["elb"], "targetGroup">, everyMs: number, deps: ObserveDeps) {
    this.#elb = elb;
    this.#everyMs = everyMs;
    this.#deps = deps;
  }

  /** `arns`: attached, and in no list of target groups. Each is asked for by its ARN. */
  async refresh(arns: ReadonlySet<string>): Promise<void> {
    for (const arn of this.#readings.keys()) if (!arns.has(arn)) this.#readings.delete(arn);
    for (const arn of [...arns].toSorted().slice(0, MOST_ASKED))
      if (!this.#readings.has(arn)) this.#readings.set(arn, new Reading((before) => this.#ask(arn, before), this.#everyMs, this.#deps));
    await Promise.all(
      [...this.#readings].map(([arn, reading]) =>
        reading.refresh(this.#absence(arn) === undefined || this.isGone(arn) ? Infinity : APART_MS),
      ),
    );
  }

  isGone(arn: string): boolean {
    const absence = this.#absence(arn);
    return absence !== undefined && absence.atMs - absence.sinceMs >= APART_MS;
  }

  #absence(arn: string): Absence {
    const evidence = this.#readings.get(arn)?.evidence();
    return evidence?.state === "fresh" ? evidence.value : undefined;
  }

  async #ask(arn: string, before: Absence): Promise<Absence> {
    const atMs = this.#deps.clock.monoMs();
    try {
      await this.#elb.targetGroup(arn);
      return undefined;
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== "AWS_NOT_FOUND") throw error;
      return { sinceMs: before?.sinceMs ?? atMs, atMs };
    }
  }
}
