import type { Evidence } from "../../src/alb/evidence.ts";
import type { Observed, ObservedStack } from "../../src/alb/plan/observed.ts";
import { ownedAs } from "../../src/alb/plan/ownership.ts";
import type { ResolvedLoadBalancer } from "../../src/alb/plan/resolved.ts";
import { groupsOf, usersOf } from "../../src/lab/aws/elbv2/found.ts";
import type { AwsWorld } from "../../src/lab/aws/world/world.ts";
import { OWNERSHIP } from "./kit/first-world.ts";

/** What is ours in the account, as one who reads it without a fault sees it. */
export function observedIn(world: AwsWorld, wanted: readonly ResolvedLoadBalancer[], atMs: number): Observed {
  const fresh = <T>(value: T): Evidence<T> => ({ state: "fresh", value, atMs });
  const tagsOf = (id: string): ReadonlyMap<string, string> => world.tags.get(id) ?? new Map();
  const names = new Set(
    [...world.loadBalancers.keys(), ...world.targetGroups.keys(), ...world.securityGroups.keys()].flatMap(
      (id) => ownedAs(tagsOf(id), OWNERSHIP) ?? [],
    ),
  );
  for (const { name } of wanted) names.add(name);
  const find = <T>(table: ReadonlyMap<string, T>, name: string): readonly [string, T] | undefined =>
    [...table].find(([id]) => ownedAs(tagsOf(id), OWNERSHIP) === name);
  const stackOf = (name: string): ObservedStack => {
    const [arn, loadBalancer] = find(world.loadBalancers, name) ?? [];
    const [groupArn, group] = find(world.targetGroups, name) ?? [];
    const [id, securityGroup] = find(world.securityGroups, name) ?? [];
    const listeners = [...world.listeners.values()]
      .filter((one) => one.loadBalancerArn === arn)
      .map((one) => ({
        ...one,
        tags: tagsOf(one.arn),
        rules: undefined,
        defaultCertificate: one.certificates[0],
        defaultActions: one.defaultActions.map((action) => ({
          type: action.Type,
          groups: groupsOf(action).map((groupOf) => ({ arn: groupOf, weight: 1 })),
          redirect: action["RedirectConfig"] as Readonly<Record<string, string>> | undefined,
          fixedResponse: undefined,
        })),
      }));
    const targets = [...(group?.targets.values() ?? [])].map((target) => ({
      ...target,
      state: target.drainingSinceMs === undefined ? "healthy" : "draining",
      reason: undefined,
      description: undefined,
    }));
    return {
      name,
      loadBalancer: fresh(
        loadBalancer === undefined || arn === undefined
          ? undefined
          : {
              ...loadBalancer,
              state: "active",
              resource: name,
              tags: tagsOf(arn),
              attributes: new Map([...Object.entries({ "deletion_protection.enabled": "false" }), ...loadBalancer.attributes]),
              listeners,
              webAcl: undefined,
            },
      ),
      targetGroup: fresh(
        group === undefined || groupArn === undefined
          ? undefined
          : { ...group, resource: name, tags: tagsOf(groupArn), loadBalancerArns: usersOf(world, groupArn), targets },
      ),
      securityGroup: fresh(
        securityGroup === undefined || id === undefined
          ? undefined
          : {
              id,
              resource: name,
              tags: tagsOf(id),
              ingress: securityGroup.ingress.flatMap(({ source, fromPort, toPort }) =>
                source.kind === "ipv4" ? [{ cidr: source.cidr, fromPort: fromPort ?? 0, toPort: toPort ?? 0 }] : [],
              ),
            },
      ),
    };
  };
  return {
    stacks: new Map([...names].map((name) => [name, stackOf(name)])),
    autoScalingGroups: fresh(
      [...world.autoScalingGroups.values()]
        .filter(({ name }) => name.startsWith("nodes-"))
        .map(({ name, healthCheckType, instances, targetGroups }) => ({
          name,
          healthCheckType,
          instances: [...instances.keys()],
          listed: [...targetGroups].flatMap(([arn, { state }]) => (state === "Removed" ? [] : [arn])),
          targetGroups: new Map([...targetGroups].map(([arn, { state }]) => [arn, state])),
          missingTargetGroups: [],
        })),
    ),
  };
}
