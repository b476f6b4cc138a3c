import type { Aws, LoadBalancer } from "../../aws/index.ts";
import type { Evidence } from "../evidence.ts";
import { type ObserveDeps, Reading } from "./reading.ts";

/** The web ACLs of load balancers. AWS WAF is another service with permissions of its own: what it says, or does not say, concerns nothing else. */
export class WebAcls {
  readonly #waf: Pick<Aws["waf"], "webAcl">;
  readonly #everyMs: number;
  readonly #deps: ObserveDeps;
  readonly #readings = new Map<string, Reading<string | undefined>>();

  constructor(waf: Pick<Aws["waf"], "webAcl">, everyMs: number, deps: ObserveDeps) {
    this.#waf = waf;
    this.#everyMs = everyMs;
    this.#deps = deps;
  }

  /** Those of application load balancers; others can have none. */
  async refresh(balancers: readonly LoadBalancer[]): Promise<void> {
    const able = balancers.filter(({ type }) => type === "application").map(({ arn }) => arn);
    for (const arn of this.#readings.keys()) if (!able.includes(arn)) this.#readings.delete(arn);
    await Promise.all(
      able.map((arn) => {
        const known = this.#readings.get(arn) ?? new Reading(() => this.#waf.webAcl(arn), this.#everyMs, this.#deps);
        this.#readings.set(arn, known);
        return known.refresh();
      }),
    );
  }

  lookAgain(arn: string): void {
    this.#readings.get(arn)?.lookAgain();
  }

  /** Undefined when it was not asked for. */
  of(arn: string): Evidence<string | undefined> | undefined {
    return this.#readings.get(arn)?.evidence();
  }
}
