import { messageOf } from "../../kernel/index.ts";
import type { Evidence } from "../evidence.ts";
import type { DesiredLoadBalancer } from "../model/desired.ts";
import type { Network } from "../plan/network.ts";
import type { Observed } from "../plan/observed.ts";
import type { Ownership } from "../plan/ownership.ts";
import { plan } from "../plan/plan.ts";
import type { Plan } from "../plan/plan-result.ts";
import { type Resolution, resolveAll } from "../plan/resolve.ts";
import type { Step } from "../plan/step.ts";
import type { WantedTargets } from "../plan/wanted-targets.ts";
import type { AlbSettings } from "../settings.ts";

/** As `resolveAll`; a load balancer on which it fails, which is a mistake in this program, is left as it is, and the others go on. */
export function resolveEach(desired: readonly DesiredLoadBalancer[], network: Evidence<Network>, settings: AlbSettings): Resolution {
  try {
    return resolveAll(desired, network, settings);
  } catch {
    const each = desired.map((one): Resolution => {
      try {
        return resolveAll([one], network, settings);
      } catch (error) {
        return { loadBalancers: [], unresolved: new Map([[one.name, failed(error)]]), problems: [] };
      }
    });
    return {
      loadBalancers: each.flatMap(({ loadBalancers }) => loadBalancers),
      unresolved: new Map(each.flatMap(({ unresolved }) => [...unresolved])),
      problems: each.flatMap(({ problems }) => problems),
    };
  }
}

const ORDER: Readonly<Record<Step["effect"], number>> = { add: 0, change: 1, remove: 2 };

/** As `plan`; a load balancer on which it fails is left as it is, and the others go on. */
export function planEach(resolution: Resolution, observed: Observed, targets: WantedTargets, ownership: Ownership): Plan {
  try {
    return plan(resolution, observed, targets, ownership);
  } catch {
    const wanted = new Map(resolution.loadBalancers.map((one) => [one.name, one]));
    const names = new Set([...wanted.keys(), ...resolution.unresolved.keys(), ...observed.stacks.keys()]);
    const each = [...names].toSorted(byText).map((name): Plan => {
      const [one, why, stack] = [wanted.get(name), resolution.unresolved.get(name), observed.stacks.get(name)];
      try {
        return plan(
          { loadBalancers: one === undefined ? [] : [one], unresolved: new Map(why === undefined ? [] : [[name, why]]) },
          { ...observed, stacks: new Map(stack === undefined ? [] : [[name, stack]]) },
          targets,
          ownership,
        );
      } catch (error) {
        return { steps: [], notes: [{ name, why: `it is left as it is: ${failed(error)}` }] };
      }
    });
    return {
      steps: each.flatMap(({ steps }) => steps).toSorted((one, other) => ORDER[one.effect] - ORDER[other.effect]),
      notes: each.flatMap(({ notes }) => notes),
    };
  }
}

function failed(error: unknown): string {
  return `this program fails on it (${messageOf(error)}); please report it`;
}

function byText(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}
