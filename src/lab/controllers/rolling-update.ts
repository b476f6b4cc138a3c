/** What a rolling update is planned from: replicas asked for and found, of the new ReplicaSet and of each older one, eldest first. */
export interface RolloutState {
  readonly replicas: number;
  readonly maxSurge: number;
  readonly maxUnavailable: number;
  readonly newSet: { readonly asked: number; readonly available: number };
  readonly oldSets: readonly { readonly asked: number; readonly available: number }[];
}

/** How many replicas each is to ask for next; the old ones in the order they came. */
export interface RolloutStep {
  readonly newSet: number;
  readonly oldSets: readonly number[];
}

/**
 * One step of a rolling update: never more than `replicas + maxSurge` pods are asked for, and pods that serve are only taken away
 * while at least `replicas - maxUnavailable` others are available (page "Deployments", "Rolling Update Deployment"). Pure.
 */
export function planRollingUpdate(state: RolloutState): RolloutStep {
  const askedOld = sum(state.oldSets.map(({ asked }) => asked));
  const room = state.replicas + state.maxSurge - askedOld - state.newSet.asked;
  const newSet = Math.min(state.replicas, Math.max(state.newSet.asked + Math.max(0, room), Math.min(state.newSet.asked, state.replicas)));
  const oldSets = state.oldSets.map(({ asked }) => asked);
  const minAvailable = Math.max(0, state.replicas - state.maxUnavailable);
  // Those that the new set asks for and that are not available yet must not be counted on.
  let removable = askedOld + newSet - minAvailable - Math.max(0, newSet - state.newSet.available);
  for (const [at, set] of state.oldSets.entries()) {
    const unhealthy = Math.min(Math.max(0, set.asked - set.available), Math.max(0, removable));
    oldSets[at] = (oldSets[at] ?? 0) - unhealthy;
    removable -= unhealthy;
  }
  let spare = Math.min(removable, state.newSet.available + sum(state.oldSets.map(({ available }) => available)) - minAvailable);
  for (const [at, asked] of oldSets.entries()) {
    const taken = Math.min(asked, Math.max(0, spare));
    oldSets[at] = asked - taken;
    spare -= taken;
  }
  return { newSet, oldSets };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
