import { type Clock, hashText, seededRandom } from "../../../kernel/index.ts";
import type { KubeClient } from "../../../kube/index.ts";
import type { KillerOptions } from "../killer-options.ts";
import { limitsOf, rested, worldOf } from "../pace/attack-limits.ts";
import { planRound } from "../plan/plan-round.ts";
import { agreedApps } from "../selection/agreed-apps.ts";
import { takePod } from "../take/take-pod.ts";
import { type TellerDeps, tell } from "../tell/teller.ts";
import { readWorld } from "../world/read-world.ts";
import { workloadOf } from "../world/world.ts";
import type { Prey } from "./prey.ts";

export interface PodPreyDeps extends TellerDeps {
  readonly client: KubeClient;
  /** Its writes are guarded by the Lease and are never tried twice. */
  readonly killing: KubeClient;
  readonly clock: Clock;
}

export function podPrey(
  options: Pick<KillerOptions, "scope" | "selection" | "limits" | "leastTimeBetweenMs" | "take">,
  deps: PodPreyDeps,
): Prey {
  const { scope, selection, limits, leastTimeBetweenMs, take } = options;
  const { client, killing, clock } = deps;
  return {
    apps: async (signal) => agreedApps(await readWorld(client, scope, signal), selection, clock.wallMs()),
    async draw(attack, record, nowMs, signal) {
      const world = await readWorld(client, scope, signal);
      const random = seededRandom(hashText(`${record.seed} ${attack.id}`));
      const part = worldOf(attack, world);
      const asked = rested(limitsOf(attack, part, limits, random), record, leastTimeBetweenMs, nowMs);
      const plan = planRound(part, selection, asked, random, nowMs);
      return {
        spared: plan.spared.length,
        victims: plan.victims.map(({ pod, owner }) => {
          const workload = workloadOf(pod, world);
          const { kind, name } = workload ?? { kind: "Pod", name: pod.name };
          const victim = `pod ${pod.key}`;
          return {
            name: victim,
            uid: pod.uid,
            owner,
            take: (ended) => takePod(killing, pod, take, ended),
            tell: (said) =>
              tell(
                { ...said, what: "pod", victim, namespace: pod.namespace, pod: pod.name, uid: pod.uid, owner: { kind, name } },
                workload?.object,
                deps,
              ),
          };
        }),
      };
    },
  };
}
