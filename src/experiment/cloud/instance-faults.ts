import type { Aws } from "../../aws/index.ts";
import { isList, written } from "../document/json.ts";
import type { PreparedFault, Sight, UndoDeps, UndoKind, UndoRecord } from "../fault/fault.ts";
import { ActivityFailed } from "../provider/activity-failed.ts";
import { withAws } from "./aws-of-target.ts";

const STOP = "ec2/stop";
/** What a start is refused for while the stop is under way; it is tried again. */
const ON_THE_WAY = new Set(["stopping", "pending"]);

type Deps = Omit<UndoDeps, "signal" | "environment">;

/** Nothing brings them back: an Auto Scaling group launches others. */
export function prepareTerminate(ids: readonly string[], deps: Deps): PreparedFault {
  const gone = new Set(["shutting-down", "terminated"]);
  return {
    kind: "ec2/terminate",
    label: `termination of ${ids.join(", ")}`,
    victims: ids,
    undo: null,
    async apply() {
      await withAws(deps, (aws) => aws.ec2.terminateInstances(ids));
      return [...ids];
    },
    witness: {
      label: "EC2's list of instances",
      isInjected: () => withAws(deps, (aws) => states(aws, ids, (state) => state === undefined || gone.has(state))),
      // Others are launched in their place, which is the group's affair: what was terminated is not back.
      isReverted: () => Promise.resolve({ seen: false, evidence: "what is terminated does not come back" }),
    },
  };
}

/** They are started again. */
export function prepareStop(ids: readonly string[], force: boolean, deps: Deps): PreparedFault {
  return {
    kind: STOP,
    label: `stop of ${ids.join(", ")}`,
    victims: ids,
    undo: { kind: STOP, ids },
    async apply() {
      await withAws(deps, (aws) => aws.ec2.stopInstances(ids, force));
      return [...ids];
    },
    witness: {
      label: "EC2's list of instances",
      isInjected: () => withAws(deps, (aws) => states(aws, ids, (state) => state === "stopping" || state === "stopped")),
      isReverted: () =>
        // One that its group has terminated meanwhile is not started again, and need not be.
        withAws(deps, (aws) => states(aws, ids, (state) => state === undefined || !["stopping", "stopped"].includes(state))),
    },
  };
}

export const instanceStopUndo: UndoKind = {
  kind: STOP,
  undo: (record, deps) =>
    withAws(deps, async (aws) => {
      const now = await aws.ec2.instancesById(idsIn(record));
      const stopped = [...now.values()].filter(({ state }) => state === "stopped");
      if (stopped.length > 0) await aws.ec2.startInstances(stopped.map(({ id }) => id));
      const stopping = [...now.values()].filter(({ state }) => state === "stopping");
      if (stopping.length > 0)
        throw new ActivityFailed(`${stopping.map(({ id }) => id).join(", ")} cannot be started while it is stopping`);
    }),
  byHand: (record) => `aws ec2 start-instances --instance-ids ${idsIn(record).join(" ")}`,
};

/** Starts those that are stopped; EC2 refuses while they are on the way. */
export async function startStopped(aws: Aws, ids: readonly string[]): Promise<void> {
  const now = await aws.ec2.instancesById(ids);
  const moving = [...now.values()].filter(({ state }) => ON_THE_WAY.has(state));
  if (moving.length > 0)
    throw new ActivityFailed(`${moving.map(({ id, state }) => `${id} is ${state}`).join(", ")}: wait until it is stopped`);
  await aws.ec2.startInstances(ids);
}

async function states(aws: Aws, ids: readonly string[], isAsWanted: (state: string | undefined) => boolean): Promise<Sight> {
  const now = await aws.ec2.instancesById(ids);
  const evidence = ids.map((id) => `${id} is ${now.get(id)?.state ?? "gone"}`).join("; ");
  return { seen: ids.every((id) => isAsWanted(now.get(id)?.state)), evidence };
}

function idsIn({ ids }: UndoRecord): readonly string[] {
  return isList(ids) ? ids.map(written) : [];
}
