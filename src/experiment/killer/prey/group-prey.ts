import { type Clock, hashText, messageOf, seededRandom } from "../../../kernel/index.ts";
import type { Aws, AutoScalingGroup, AutoScalingMember } from "../../../aws/index.ts";
import { planBlast } from "../../blast/plan-blast.ts";
import { dateText } from "../calendar/zone.ts";
import type { KillerOptions } from "../killer-options.ts";
import { rested } from "../pace/attack-limits.ts";
import { OPT_IN, OPT_IN_UNTIL } from "../selection/opt-in.ts";
import { type TellerDeps, tell } from "../tell/teller.ts";
import { type Grouping, appOf, isCompared } from "./group-name.ts";
import type { App } from "./app.ts";
import type { Prey } from "./prey.ts";

export interface GroupPreyDeps extends TellerDeps {
  /** Its writes are guarded by the Lease. */
  readonly aws: Pick<Aws, "autoscaling" | "ec2">;
  readonly clock: Clock;
}

const KIND = "AutoScalingGroup";
/** Chaos Monkey's mean time between two kills, in work days. */
const MEAN_DAYS = "2d";

/** Instances of Auto Scaling groups that agreed to it by the tag `holdfast.dev/chaos=enabled`. */
export function groupPrey(
  options: Pick<KillerOptions, "limits" | "leastTimeBetweenMs" | "calendar"> & { readonly grouping: Grouping },
  deps: GroupPreyDeps,
): Prey {
  const { limits, leastTimeBetweenMs, calendar, grouping } = options;
  const { aws, clock } = deps;

  async function agreed(): Promise<readonly AutoScalingGroup[]> {
    const today = dateText(calendar.zone.wall(clock.wallMs()));
    const groups = await aws.autoscaling.groups(new Map([[OPT_IN, "enabled"]]));
    return groups.filter(({ tags }) => tags.get(OPT_IN) === "enabled" && isStill(tags.get(OPT_IN_UNTIL), today));
  }
  return {
    async apps() {
      const apps = new Map<string, App>();
      for (const { name, tags } of await agreed()) {
        const key = appOf(name, grouping);
        // Of several groups the first one that says something says it for all.
        apps.set(key, {
          kind: KIND,
          key,
          uid: key,
          annotations: {},
          labels: { "holdfast.dev/chaos-mtbf": MEAN_DAYS, ...Object.fromEntries(tags), ...apps.get(key)?.labels },
        });
      }
      return [...apps.values()];
    },
    async draw(attack, record, nowMs) {
      const groups = (await agreed()).filter(({ name }) => attack.of === undefined || appOf(name, grouping) === attack.of.uid);
      const { resting, ...asked } = rested(limits, record, leastTimeBetweenMs, nowMs);
      const members = groups.flatMap((group) => group.instances.map((member) => ({ group, member })));
      const plan = planBlast(
        {
          candidates: members.map(({ group, member }) => {
            const owner = `${KIND} ${group.name}`;
            const why = whySafe(group, member) ?? resting?.(owner);
            return { id: member.id, owner, zone: member.zone, isReady: isWell(member), ...(why === undefined ? {} : { denied: why }) };
          }),
          owners: new Map(
            groups.map(({ name, desiredCapacity, instances }) => [
              `${KIND} ${name}`,
              { desired: desiredCapacity, ready: instances.filter(isWell).length },
            ]),
          ),
        },
        { amount: { count: asked.mostKills }, of: "all", mostPerOwner: asked.mostKillsOfOwner, leastReadyLeft: asked.leastReadyLeft },
        seededRandom(hashText(`${record.seed} ${attack.id}`)),
      );
      return {
        spared: plan.spared.length,
        victims: plan.victims.map(({ id, owner = "" }) => {
          const victim = `instance ${id}`;
          return {
            name: victim,
            uid: id,
            owner,
            async take() {
              try {
                await aws.ec2.terminateInstances([id]);
                return { outcome: "killed", error: undefined } as const;
              } catch (error) {
                return { outcome: "failed", error: messageOf(error) } as const;
              }
            },
            tell: (said) =>
              tell(
                {
                  ...said,
                  what: "instance",
                  victim,
                  namespace: "",
                  pod: id,
                  uid: id,
                  owner: { kind: KIND, name: owner.slice(KIND.length + 1) },
                },
                undefined,
                deps,
              ),
          };
        }),
      };
    },
  };
}

/** An end that cannot be read has passed. */
function isStill(until: string | undefined, today: string): boolean {
  return until === undefined || (/^\d{4}-\d{2}-\d{2}$/.test(until) && today <= until);
}

function isWell({ lifecycle, health }: AutoScalingMember): boolean {
  return lifecycle === "InService" && health === "Healthy";
}

function whySafe({ name, instances, desiredCapacity, suspended }: AutoScalingGroup, member: AutoScalingMember): string | undefined {
  if (isCompared(name)) return `${name} is compared with others`;
  if (!isWell(member)) return `it is ${member.lifecycle} and ${member.health}`;
  const well = instances.filter(isWell).length;
  if (well < desiredCapacity) return `${well} of ${desiredCapacity} of ${name} are in service`;
  if (instances.length > desiredCapacity) return `${name} changes: ${instances.length} are there, ${desiredCapacity} are wanted`;
  return suspended.includes("Launch") ? `${name} would not put another one in its place: Launch is suspended` : undefined;
}
