import type { Aws, Listener, LoadBalancer } from "../../aws/index.ts";
import { AppError } from "../../kernel/index.ts";
import type { Evidence } from "../evidence.ts";
import type { ObservedListener, ObservedLoadBalancer } from "../plan/observed.ts";
import { type ObserveDeps, Reading } from "./reading.ts";
import type { ResourceTags } from "./resource-tags.ts";

/** What hangs on a load balancer. */
type Settings = Pick<ObservedLoadBalancer, "attributes" | "listeners">;

/** What load balancers are set to, read for each apart: one that cannot be read costs the others nothing. */
export class LoadBalancerSettings {
  readonly #aws: Pick<Aws, "elb">;
  readonly #tags: ResourceTags;
  readonly #options: { readonly everyMs: number; readonly readsRules: boolean };
  readonly #deps: ObserveDeps;
  readonly #readings = new Map<string, Reading<Settings>>();
  #tagged: readonly string[] = [];
  #isOneGone = false;

  constructor(
    aws: Pick<Aws, "elb">,
    tags: ResourceTags,
    options: { readonly everyMs: number; readonly readsRules: boolean },
    deps: ObserveDeps,
  ) {
    this.#aws = aws;
    this.#tags = tags;
    this.#options = options;
    this.#deps = deps;
  }

  async refresh(balancer: LoadBalancer): Promise<void> {
    const { arn } = balancer;
    let reading = this.#readings.get(arn);
    if (reading === undefined) {
      reading = new Reading(() => this.#readUnlessGone(balancer), this.#options.everyMs, this.#deps);
      this.#readings.set(arn, reading);
    }
    await reading.refresh();
  }

  lookAgain(arn: string): void {
    this.#readings.get(arn)?.lookAgain();
  }

  known(arn: string): Evidence<Settings> {
    return this.#readings.get(arn)?.evidence() ?? { state: "unknown", why: "it was not read yet" };
  }

  /** Those that are ours; `tagged` is all that is, and its tags are read with theirs. */
  keepOnly(arns: readonly string[], tagged: readonly string[]): void {
    this.#tagged = tagged;
    for (const arn of this.#readings.keys()) if (!arns.includes(arn)) this.#readings.delete(arn);
  }

  /** Whether AWS said since this was asked last that one of them is not there. */
  tookGone(): boolean {
    const wasGone = this.#isOneGone;
    this.#isOneGone = false;
    return wasGone;
  }

  async #readUnlessGone(balancer: LoadBalancer): Promise<Settings> {
    try {
      return await this.#read(balancer);
    } catch (error) {
      if ((error as AppError).code === "AWS_NOT_FOUND") this.#isOneGone = true;
      throw error;
    }
  }

  /** Of what forwards requests; undefined when nobody asks for them. */
  async #rulesOf({ arn, protocol, defaultActions }: Listener): Promise<ObservedListener["rules"]> {
    if (!this.#options.readsRules || !RULED.has(protocol) || defaultActions[0]?.type !== "forward") return undefined;
    const { elb } = this.#aws;
    try {
      const rules = (await elb.rules(arn)).filter(({ priority }) => priority !== undefined);
      const tags = rules.length === 0 ? undefined : await elb.tags(rules.map((rule) => rule.arn));
      const atMs = this.#deps.clock.wallMs();
      return { state: "fresh", value: rules.map((rule) => ({ ...rule, tags: tags?.get(rule.arn) ?? new Map() })), atMs };
    } catch (error) {
      // A right that this one feature needs is no reason to do nothing for the load balancer.
      if ((error as AppError).code === "AWS_DENIED") return { state: "unknown", why: (error as AppError).message };
      throw error;
    }
  }

  async #read({ arn }: LoadBalancer): Promise<Settings> {
    const { elb } = this.#aws;
    const [attributes, unsorted] = await Promise.all([elb.loadBalancerAttributes(arn), elb.listeners(arn)]);
    const listeners = unsorted.toSorted((one, other) => one.port - other.port);
    const arns = listeners.map((listener) => listener.arn);
    for (const listenerArn of arns) this.#tags.lookAgain(listenerArn);
    const rules = await Promise.all(listeners.map((listener) => this.#rulesOf(listener)));
    const [certificates] = await Promise.all([
      Promise.all(listeners.map((listener) => certificatesOf(elb, listener))),
      // What is left of the call's places is for what is ours beside it.
      this.#tags.refresh([...new Set([...arns, ...this.#tagged])]),
    ]);
    return {
      attributes,
      listeners: listeners.map((listener, at): ObservedListener => {
        const tags = this.#tags.evidence(listener.arn);
        if (tags.state === "unknown")
          throw new AppError("AWS_INCOMPLETE", `the tags of the listener on port ${listener.port}: ${tags.why}`);
        return { ...listener, certificates: certificates[at] ?? [], tags: tags.value, rules: rules[at] };
      }),
    };
  }
}

const RULED: ReadonlySet<string> = new Set(["HTTP", "HTTPS"]);

async function certificatesOf(elb: Aws["elb"], { arn, defaultCertificate }: Listener): Promise<readonly string[]> {
  return defaultCertificate === undefined ? [] : elb.certificates(arn);
}
