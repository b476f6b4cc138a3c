import type { Aws, LoadBalancer, TargetGroup } from "../../aws/index.ts";
import type { Evidence } from "../evidence.ts";
import type { ObservedLoadBalancer, ObservedTargetGroup } from "../plan/observed.ts";
import { type Ownership, ownedAs } from "../plan/ownership.ts";
import { BelievedList } from "./believed-list.ts";
import { both, doubted, map } from "./evidence-of.ts";
import type { Believed } from "./losses.ts";
import { LoadBalancerSettings } from "./load-balancers.ts";
import type { ObserveDeps } from "./reading.ts";
import { ResourceTags } from "./resource-tags.ts";
import { TargetGroupSettings } from "./target-groups.ts";
import { Unsettled, type UnsettledAges } from "./unsettled.ts";
import { WebAcls } from "./web-acls.ts";

export interface StacksOptions {
  readonly ownership: Ownership;
  readonly everyMs: number;
  /** Whether anything is said about rules of listeners; they are not read otherwise. */
  readonly readsRules: boolean;
}

/** One load balancer's parts, but for its security group. */
export interface StackParts {
  readonly loadBalancer: Evidence<ObservedLoadBalancer | undefined>;
  readonly targetGroup: Evidence<ObservedTargetGroup | undefined>;
}

/** What is made, or waits for its first healthy target: somebody waits for it. */
const BEGINNING: UnsettledAges = { firstMs: 1_000, mostMs: 5 * 60_000 };

/** What is left of a load balancer that is gone goes too, as soon as AWS does not say any more that it is in use. */
const LEFT_OVER: UnsettledAges = { firstMs: 60_000, mostMs: 30 * 60_000 };

/**
 * How often it is looked whether all load balancers are still there: one that somebody deletes is made again. One call tells it of all, so that it
 * is asked the more often the more there are, within the same number of calls for each.
 */
const PRESENCE_MS = 15 * 60_000;
const SHORTEST_PRESENCE_MS = 60_000;

/** Our load balancers and target groups in the account, each read apart from the others. */
export class Stacks {
  readonly #ownership: Ownership;
  readonly #balancers: BelievedList<LoadBalancer>;
  readonly #groups: BelievedList<TargetGroup>;
  readonly #tags: ResourceTags;
  readonly #settings: LoadBalancerSettings;
  readonly #targets: TargetGroupSettings;
  readonly #webAcls: WebAcls;
  readonly #unsettled: Unsettled;
  readonly #leftOver: Unsettled;

  constructor(aws: Pick<Aws, "elb" | "waf">, { ownership, everyMs, readsRules }: StacksOptions, deps: ObserveDeps) {
    const { elb } = aws;
    this.#ownership = ownership;
    const keyOf = ({ arn }: { readonly arn: string }): string => arn;
    this.#balancers = new BelievedList({ keyOf, everyMs, read: () => elb.loadBalancers(), byId: (arn) => elb.loadBalancer(arn) }, deps);
    this.#groups = new BelievedList({ keyOf, everyMs, read: () => elb.targetGroups(), byId: (arn) => elb.targetGroup(arn) }, deps);
    this.#tags = new ResourceTags(elb, (tags) => ownedAs(tags, ownership) !== undefined, everyMs, deps);
    this.#settings = new LoadBalancerSettings(aws, this.#tags, { everyMs, readsRules }, deps);
    this.#targets = new TargetGroupSettings(elb, everyMs, deps);
    this.#webAcls = new WebAcls(aws.waf, everyMs, deps);
    this.#unsettled = new Unsettled(BEGINNING, deps.clock);
    this.#leftOver = new Unsettled(LEFT_OVER, deps.clock);
  }

  /** What is known of these load balancers is read anew; of all when left out. After own writes: what is not seen yet is not lost. */
  lookAgain(names?: Iterable<string>): void {
    this.#balancers.lookAgain();
    this.#groups.lookAgain();
    const wanted = names === undefined ? undefined : new Set(names);
    for (const { arn, name } of this.#all(this.#balancers))
      if (wanted?.has(name) !== false) {
        this.#settings.lookAgain(arn);
        this.#webAcls.lookAgain(arn);
        this.#tags.lookAgain(arn);
        if (wanted !== undefined) this.#balancers.wrote(arn);
      }
    for (const { arn, name } of this.#all(this.#groups))
      if (wanted?.has(name) !== false) {
        this.#targets.lookAgain(arn);
        this.#tags.lookAgain(arn);
        if (wanted !== undefined) this.#groups.wrote(arn);
      }
  }

  /** Of everything that is ours, and of `names`. */
  async observe(names: readonly string[], { readsWebAcls }: { readonly readsWebAcls: boolean }): Promise<ReadonlyMap<string, StackParts>> {
    const presenceMs = Math.max(SHORTEST_PRESENCE_MS, PRESENCE_MS / Math.max(1, this.#ours(this.#balancers).length));
    await this.#refreshLists(Math.min(presenceMs, this.#unsettled.mostMs()));
    const wanted = new Set(names);
    const [gone] = await Promise.all([
      this.#refreshSettings(wanted),
      this.#webAcls.refresh(readsWebAcls ? this.#ours(this.#balancers) : []),
    ]);
    // One that was deleted since it was listed is not there: the list says so now.
    if (gone) {
      this.#balancers.lookAgain();
      this.#groups.lookAgain();
      await this.#refreshLists(Infinity);
    }
    return this.#parts(wanted);
  }

  /** ARNs of all target groups of the account, of whomever; undefined while that is not known for sure. */
  targetGroups(): ReadonlySet<string> | undefined {
    const evidence = this.#groups.evidence();
    return evidence.state === "fresh" ? new Set(evidence.value.entries.keys()) : undefined;
  }

  async #refreshLists(mostMs: number): Promise<void> {
    await Promise.all([this.#balancers.refresh(mostMs), this.#groups.refresh(this.#leftOver.mostMs())]);
    const arns = [...this.#all(this.#balancers), ...this.#all(this.#groups)].map(({ arn }) => arn);
    this.#tags.keepOnly(new Set(arns));
    await this.#tags.refresh(arns);
  }

  /** Whether one was found to be gone. */
  async #refreshSettings(wanted: ReadonlySet<string>): Promise<boolean> {
    const balancers = this.#ours(this.#balancers);
    const groups = this.#ours(this.#groups);
    this.#settings.keepOnly(
      balancers.map(({ arn }) => arn),
      [...balancers, ...groups].map(({ arn }) => arn),
    );
    this.#targets.keepOnly(new Set(groups.map(({ arn }) => arn)));
    const led = new Set([...wanted, ...balancers.map(({ name }) => name)]);
    this.#leftOver.keepOnly(groups.map(({ name }) => name).filter((name) => !led.has(name)));
    await Promise.all([
      ...balancers.map((balancer) => this.#settings.refresh(balancer)),
      ...groups.map(({ arn, name }) => this.#targets.refresh(arn, this.#unsettled.mostMsOf(name))),
    ]);
    this.#settle(balancers, groups);
    return this.#settings.tookGone() || this.#targets.tookGone();
  }

  /** What is not active yet, or has no healthy target, is looked at soon again: its hostname waits for that. */
  #settle(balancers: readonly LoadBalancer[], groups: readonly TargetGroup[]): void {
    const healthy = new Set(groups.filter(({ arn }) => hasHealthy(this.#targets.known(arn))).map(({ name }) => name));
    this.#unsettled.keepOnly(balancers.filter(({ name, state }) => state === "provisioning" || !healthy.has(name)).map(({ name }) => name));
  }

  #parts(wanted: ReadonlySet<string>): ReadonlyMap<string, StackParts> {
    const names = new Set([
      ...wanted,
      ...this.#ours(this.#balancers).map(({ name }) => name),
      ...this.#ours(this.#groups).map(({ name }) => name),
    ]);
    return new Map([...names].toSorted().map((name) => [name, this.part(name)]));
  }

  /** What is known of one. */
  part(name: string): StackParts {
    return {
      loadBalancer: this.#part(name, this.#balancers, ({ arn }) =>
        map(this.#settings.known(arn), (settings) => ({ ...settings, webAcl: this.#webAcls.of(arn) })),
      ),
      targetGroup: this.#part(name, this.#groups, ({ arn }) => this.#targets.known(arn)),
    };
  }

  #part<T extends { readonly arn: string; readonly name: string }, S extends object>(
    name: string,
    list: BelievedList<T>,
    settingsOf: (entry: T) => Evidence<S>,
  ): Evidence<(T & S & { readonly resource: string; readonly tags: ReadonlyMap<string, string> }) | undefined> {
    const listed = list.evidence();
    if (listed.state === "unknown") return listed;
    const entry = [...listed.value.entries.values()].find((one) => one.name === name);
    if (entry === undefined) return { ...listed, value: undefined };
    const tags = this.#tags.evidence(entry.arn);
    if (tags.state === "unknown") return tags;
    // A name of ours that somebody else took is none of ours; making it fails with a line that says so.
    if (ownedAs(tags.value, this.#ownership) !== name) return { ...listed, value: undefined };
    const settings = settingsOf(entry);
    const known = both(
      both(listed, tags, (_, found) => found),
      settings,
      (found, more) => ({ ...entry, ...more, tags: found, resource: name }),
    );
    const doubt = listed.value.doubts.get(entry.arn);
    return doubt === undefined ? known : doubted(known, doubt);
  }

  #all<T>(list: BelievedList<T>): readonly T[] {
    const evidence: Evidence<Believed<T>> = list.evidence();
    return evidence.state === "unknown" ? [] : [...evidence.value.entries.values()];
  }

  /** Those that bear our tags and the name that the tags say. */
  #ours<T extends { readonly arn: string; readonly name: string }>(list: BelievedList<T>): readonly T[] {
    return this.#all(list).filter(({ arn, name }) => {
      const tags = this.#tags.evidence(arn);
      return tags.state !== "unknown" && ownedAs(tags.value, this.#ownership) === name;
    });
  }
}

function hasHealthy(evidence: Evidence<Pick<ObservedTargetGroup, "targets">>): boolean {
  return evidence.state !== "unknown" && evidence.value.targets.some(({ state }) => state === "healthy");
}
