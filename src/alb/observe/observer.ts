import type { Aws } from "../../aws/index.ts";
import type { Evidence } from "../evidence.ts";
import type { Certificate } from "../model/certificate-choice.ts";
import type { Network } from "../plan/network.ts";
import type { Observed, ObservedStack } from "../plan/observed.ts";
import type { Ownership } from "../plan/ownership.ts";
import type { WantedTargets } from "../plan/wanted-targets.ts";
import { AutoScalingGroups, type GroupTags } from "./auto-scaling-groups.ts";
import { CertificateReadings } from "./certificates.ts";
import { MissingTargetGroups } from "./missing-target-groups.ts";
import { NetworkReadings } from "./network.ts";
import { type ObserveDeps, Reading } from "./reading.ts";
import { Stacks } from "./stacks.ts";
import { Unsettled, type UnsettledAges } from "./unsettled.ts";

export interface ObserverOptions {
  readonly ownership: Ownership;
  readonly vpcId: string | undefined;
  readonly targetType: "instance" | "ip";
  /** Of the Auto Scaling groups that the cluster's nodes are in. Undefined: `kubernetes.io/cluster/ID`, with any value. */
  readonly groupTags: GroupTags | undefined;
  readonly certificateFilterTag: readonly [key: string, value: string] | undefined;
  readonly excludedCertificates: ReadonlySet<string>;
  readonly readsIamCertificates: boolean;
  /** Whether anything is said about rules of listeners. */
  readonly readsRules: boolean;
  readonly times?: ObserveTimes;
}

/** How often what nothing happens to is read; up to a fifth later, so that controllers do not go in step. */
export interface ObserveTimes {
  readonly stacksMs: number;
  readonly groupsMs: number;
  readonly certificatesMs: number;
  readonly networkMs: number;
}

/**
 * With one load balancer: 4 an hour of which there are, 7 reads of its stack in 100 minutes, of the Auto Scaling groups and of the account in as
 * long, 2 of certificates in 2 hours and 3 of the network in 4 hours are 11 an hour. AWS counts all of an account's calls together.
 */
export const OBSERVE_TIMES: ObserveTimes = Object.freeze({
  stacksMs: 100 * 60_000,
  groupsMs: 100 * 60_000,
  certificatesMs: 2 * 3_600_000,
  networkMs: 4 * 3_600_000,
});

/** While a host has no certificate: somebody may just be asking for one; who has not for hours does not wait for it. */
const SOUGHT: UnsettledAges = { firstMs: 60_000, mostMs: 3_600_000 };

export interface ObserveRequest {
  /** Names of the load balancers that should be. */
  readonly names: readonly string[];
  /** Whether anything is said about web ACLs; they are not read otherwise. */
  readonly readsWebAcls: boolean;
  /** For targets of type `ip`: the routers. */
  readonly addresses?: Extract<WantedTargets, { readonly by: "addresses" }>["targets"];
}

export interface Observation {
  readonly observed: Observed;
  readonly targets: WantedTargets;
}

/** What AWS says, remembered between; nothing of it ever rejects. */
export interface Observer {
  network(): Promise<Evidence<Network>>;
  /** `sought`: what lacks one, in any words. They are read again soon for what is new in it, and the seldomer the longer it lacks one. */
  certificates(sought?: readonly string[]): Promise<Evidence<readonly Certificate[]>>;
  /** ARNs of those that could not be read last time. */
  unreadableCertificates(): readonly string[];
  observe(request: ObserveRequest): Promise<Observation>;
  /** These load balancers are read anew, and what is not seen of them for a minute is not lost: after own writes. */
  wrote(names: Iterable<string>): void;
  /** Everything is read anew. */
  lookAgain(): void;
  /** Why nothing may be done at all: these are not the credentials of the account that was known. Undefined when all is well. */
  frozen(): string | undefined;
}

export function createObserver(aws: Aws, options: ObserverOptions, deps: ObserveDeps): Observer {
  const { ownership, vpcId, targetType, times = OBSERVE_TIMES } = options;
  const stacks = new Stacks(aws, { ownership, everyMs: times.stacksMs, readsRules: options.readsRules }, deps);
  const networkReadings = new NetworkReadings(aws.ec2, { vpcId, ownership, everyMs: times.networkMs }, deps);
  const tags = options.groupTags ?? new Map([[`kubernetes.io/cluster/${ownership.clusterId}`, undefined]]);
  const groups = new AutoScalingGroups(aws.autoscaling, { tags, everyMs: times.groupsMs }, deps);
  const certificateReadings = new CertificateReadings(
    aws,
    {
      filterTag: options.certificateFilterTag,
      excluded: options.excludedCertificates,
      readsIam: options.readsIamCertificates,
      everyMs: times.certificatesMs,
    },
    deps,
  );
  const missing = new MissingTargetGroups(aws.elb, times.groupsMs, deps);
  const lacking = new Unsettled(SOUGHT, deps.clock);
  let account: string | undefined;
  let frozen: string | undefined;
  const identity = new Reading(() => aws.identity(), times.stacksMs, deps);

  const unfrozen = <T>(evidence: Evidence<T>): Evidence<T> => (frozen === undefined ? evidence : { state: "unknown", why: frozen });

  /** The right name in another account is somebody else's: nothing that it says counts. */
  async function checkAccount(): Promise<void> {
    const who = await identity.refresh();
    if (who.state === "unknown") {
      frozen = `it is not known whose account this is: ${who.why}`;
      return;
    }
    account ??= who.value.account;
    frozen =
      who.value.account === account
        ? undefined
        : `these are credentials of account ${who.value.account}, and the load balancers are in ${account}: give back the former ones, or start again`;
  }

  return {
    async network() {
      await checkAccount();
      return unfrozen(await networkReadings.refresh());
    },
    async certificates(sought = []) {
      await checkAccount();
      lacking.keepOnly(sought);
      return unfrozen(await certificateReadings.refresh(lacking.mostMs()));
    },
    unreadableCertificates: () => certificateReadings.unreadable(),
    async observe({ names, readsWebAcls, addresses }) {
      await checkAccount();
      const [parts] = await Promise.all([stacks.observe(names, { readsWebAcls }), networkReadings.refresh()]);
      const arns = new Set(
        [...parts.values()].flatMap(({ targetGroup }) => (targetGroup.state === "unknown" ? [] : (targetGroup.value?.arn ?? []))),
      );
      const byGroups = targetType === "instance";
      if (byGroups) {
        await groups.refresh(arns);
        const there = stacks.targetGroups();
        if (there !== undefined) await missing.refresh(new Set([...groups.attached()].filter((arn) => !there.has(arn))));
      }
      const all = new Set([...parts.keys(), ...networkReadings.ownNames()]);
      const observedStacks = [...all].toSorted().map((name): readonly [string, ObservedStack] => {
        const part = parts.get(name) ?? stacks.part(name);
        return [
          name,
          {
            name,
            loadBalancer: unfrozen(part.loadBalancer),
            targetGroup: unfrozen(part.targetGroup),
            securityGroup: unfrozen(networkReadings.ownGroup(name)),
          },
        ];
      });
      const observed: Observed = {
        stacks: new Map(observedStacks),
        autoScalingGroups: byGroups
          ? unfrozen(groups.observed(arns, (arn) => missing.isGone(arn)))
          : { state: "fresh", value: [], atMs: deps.clock.wallMs() },
      };
      const targets: WantedTargets = byGroups
        ? { by: "auto-scaling-groups", names: unfrozen(groups.names()) }
        : { by: "addresses", targets: unfrozen(addresses ?? { state: "unknown", why: "the routers' pods are not watched" }) };
      return { observed, targets };
    },
    wrote(names) {
      stacks.lookAgain(names);
      networkReadings.lookAgainAtGroups();
      groups.wrote();
    },
    lookAgain() {
      stacks.lookAgain();
      networkReadings.lookAgain();
      groups.lookAgain();
      certificateReadings.lookAgain();
      identity.lookAgain();
    },
    frozen: () => frozen,
  };
}
