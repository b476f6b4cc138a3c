import type { AutoScalingApi, AutoScalingGroup } from "../../aws/index.ts";
import type { Evidence } from "../evidence.ts";
import type { ObservedAutoScalingGroup } from "../plan/observed.ts";
import { BelievedList } from "./believed-list.ts";
import { both, doubted, map } from "./evidence-of.ts";
import { type Believed, Losses } from "./losses.ts";
import { type ObserveDeps, Reading } from "./reading.ts";

/** Tags that an Auto Scaling group of the cluster has; a value that is undefined may be any. */
export type GroupTags = ReadonlyMap<string, string | undefined>;

type States = ReadonlyMap<string, string>;

/** Attached by AttachTrafficSources, by somebody else: then its state is not said, and it is attached all the same. */
const TRAFFIC_SOURCE = "TrafficSource";
/** Attached and served: nothing happens to it by itself any more. */
const SETTLED: ReadonlySet<string> = new Set(["Added", "InService", TRAFFIC_SOURCE]);

/**
 * The Auto Scaling groups whose instances are the cluster's nodes, by their tags. One that lost its tags is believed to be another's only when several
 * answers say so: until then its nodes stay targets.
 */
export class AutoScalingGroups {
  readonly #api: AutoScalingApi;
  readonly #tags: GroupTags;
  readonly #everyMs: number;
  readonly #deps: ObserveDeps;
  readonly #all: BelievedList<AutoScalingGroup>;
  readonly #tagged: Reading<Believed<AutoScalingGroup>>;
  readonly #states = new Map<string, Reading<States>>();
  /** Groups whose states may be other ones since something was written. */
  readonly #unsure = new Set<string>();

  constructor(api: AutoScalingApi, { tags, everyMs }: { readonly tags: GroupTags; readonly everyMs: number }, deps: ObserveDeps) {
    this.#api = api;
    this.#tags = tags;
    this.#everyMs = everyMs;
    this.#deps = deps;
    const named = async (name: string): Promise<AutoScalingGroup | undefined> => (await api.groupsNamed([name])).get(name);
    // All of the account, because one that lost its tags may still be attached.
    this.#all = new BelievedList({ keyOf: ({ name }) => name, read: () => api.groups(new Map()), byId: named, everyMs }, deps);
    const losses = new Losses<AutoScalingGroup>(deps.clock, async (name) => {
      const group = await named(name);
      return group !== undefined && this.#isTagged(group) ? group : undefined;
    });
    this.#tagged = new Reading(
      (before) => {
        const all = this.#all.evidence();
        const listed = all.state === "unknown" ? [] : [...all.value.entries.values()].filter((group) => this.#isTagged(group));
        return losses.believe(before?.entries ?? new Map(), new Map(listed.map((group) => [group.name, group])));
      },
      Infinity,
      deps,
    );
  }

  /** `targetGroups`: ARNs of ours, of which is to be known how far they are attached. */
  async refresh(targetGroups: ReadonlySet<string>): Promise<void> {
    const before = this.#all.evidence();
    const all = await this.#all.refresh();
    if (all.state !== "unknown" && (before.state === "unknown" || before.value !== all.value)) this.#tagged.lookAgain();
    if (all.state === "unknown") return;
    await this.#tagged.refresh();
    await Promise.all(this.#watched(targetGroups).map((group) => this.#refreshStates(group, targetGroups)));
  }

  lookAgain(): void {
    this.#all.lookAgain();
    for (const reading of this.#states.values()) reading.lookAgain();
  }

  /** What was attached or detached a moment ago is asked for by group: the list says of what is leaving what it said before. */
  wrote(): void {
    this.lookAgain();
    for (const name of this.#states.keys()) this.#unsure.add(name);
  }

  /** ARNs of all target groups that those of the cluster have attached. */
  attached(): ReadonlySet<string> {
    const tagged = this.#tagged.evidence();
    return new Set(tagged.state === "unknown" ? [] : [...tagged.value.entries.values()].flatMap(({ targetGroups }) => targetGroups));
  }

  /** Names of those that the cluster's nodes are in. */
  names(): Evidence<readonly string[]> {
    const names = both(this.#all.evidence(), this.#tagged.evidence(), (_, { entries }) => [...entries.keys()].toSorted());
    const doubt = this.#doubt();
    return doubt === undefined ? names : doubted(names, doubt);
  }

  /** Those of the cluster, and others to which one of `targetGroups` is attached. `isGone` says which of all that is attached is not there any more. */
  observed(targetGroups: ReadonlySet<string>, isGone: (arn: string) => boolean): Evidence<readonly ObservedAutoScalingGroup[]> {
    const groups = map(this.#all.evidence(), () => this.#watched(targetGroups).toSorted((one, other) => (one.name < other.name ? -1 : 1)));
    let observed: Evidence<readonly ObservedAutoScalingGroup[]> = map(groups, () => []);
    for (const group of groups.state === "unknown" ? [] : groups.value) {
      observed = both(observed, this.#statesOf(group, targetGroups), (known, found) => [
        ...known,
        { ...observedGroup(group, found, targetGroups), missingTargetGroups: group.targetGroups.filter((arn) => isGone(arn)) },
      ]);
    }
    const doubt = this.#doubt();
    return doubt === undefined ? observed : doubted(observed, doubt);
  }

  #doubt(): string | undefined {
    for (const evidence of [this.#all.evidence(), this.#tagged.evidence()])
      if (evidence.state !== "unknown") for (const [name, why] of evidence.value.doubts) return `Auto Scaling group ${name}: ${why}`;
    return undefined;
  }

  #watched(targetGroups: ReadonlySet<string>): readonly AutoScalingGroup[] {
    const all = this.#all.evidence();
    const tagged = this.#tagged.evidence();
    const found = new Map(tagged.state === "unknown" ? [] : tagged.value.entries);
    if (all.state !== "unknown")
      for (const group of all.value.entries.values())
        if (found.has(group.name) || group.targetGroups.some((arn) => targetGroups.has(arn))) found.set(group.name, group);
    return [...found.values()];
  }

  async #refreshStates({ name, targetGroups: attached }: AutoScalingGroup, ours: ReadonlySet<string>): Promise<void> {
    let reading = this.#states.get(name);
    if (reading === undefined) {
      reading = new Reading((before) => this.#readStates(name, before), this.#everyMs, this.#deps);
      this.#states.set(name, reading);
    }
    const known = reading.evidence();
    const isUnsure = this.#unsure.has(name);
    if (!isUnsure && known.state !== "unknown" && isSettled(attached, known.value, ours)) return;
    if (isUnsure) reading.lookAgain();
    const states = await reading.refresh(SOON_MS);
    // The list is from before it was attached: it is read again, until both say the same.
    if (states.state === "fresh") this.#unsure.delete(name);
    if (states.state === "fresh" && [...ours].some((arn) => !attached.includes(arn) && SETTLED.has(states.value.get(arn) ?? "")))
      this.#all.lookAgain();
  }

  /** As old as the list, where that was enough to know them by. */
  #statesOf({ name, targetGroups: attached }: AutoScalingGroup, ours: ReadonlySet<string>): Evidence<States> {
    const known = this.#states.get(name)?.evidence();
    if (known === undefined) return { state: "unknown", why: "its target groups were not read yet" };
    if (known.state === "unknown" || !isSettled(attached, known.value, ours)) return known;
    return map(this.#all.evidence(), () => known.value);
  }

  async #readStates(name: string, before: States | undefined): Promise<States> {
    const states = new Map((await this.#api.targetGroups(name)).map(({ arn, state }) => [arn, state]));
    const all = this.#all.evidence();
    const attached = all.state === "unknown" ? [] : (all.value.entries.get(name)?.targetGroups ?? []);
    for (const arn of attached) {
      if (states.has(arn)) continue;
      states.set(arn, TRAFFIC_SOURCE);
      // It had a state of its own: the list is from before it was detached.
      if ((before?.get(arn) ?? TRAFFIC_SOURCE) !== TRAFFIC_SOURCE) this.#all.lookAgain();
    }
    return states;
  }

  #isTagged({ tags }: AutoScalingGroup): boolean {
    return [...this.#tags].every(([key, value]) => (value === undefined ? tags.has(key) : tags.get(key) === value));
  }
}

/** How old states may be while they change. */
const SOON_MS = 5_000;

/** What the list says and what is known of the states agree, and nothing is under way: then nobody has to be asked. */
function isSettled(attached: readonly string[], states: States, ours: ReadonlySet<string>): boolean {
  const relevant = [...ours].filter((arn) => attached.includes(arn) || states.has(arn));
  return relevant.every((arn) => (attached.includes(arn) ? SETTLED.has(states.get(arn) ?? "") : states.get(arn) === "Removed"));
}

function observedGroup(
  { name, healthCheckType, instances, targetGroups: listed }: AutoScalingGroup,
  states: States,
  ours: ReadonlySet<string>,
): Omit<ObservedAutoScalingGroup, "missingTargetGroups"> {
  const targetGroups = new Map([...states].filter(([arn]) => ours.has(arn)));
  return { name, healthCheckType, instances: instances.map(({ id }) => id), listed, targetGroups };
}
