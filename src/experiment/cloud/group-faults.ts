import { isList, textAt, written } from "../document/json.ts";
import type { PreparedFault, Sight, UndoDeps, UndoKind, UndoRecord } from "../fault/fault.ts";
import { ActivityFailed } from "../provider/activity-failed.ts";
import { withAws } from "./aws-of-target.ts";

const KIND = "asg/suspend";

type Deps = Omit<UndoDeps, "signal" | "environment">;

/** What an Auto Scaling group would do it does not do; those that were suspended before stay so. */
export async function prepareSuspend(group: string, processes: readonly string[], deps: Deps): Promise<PreparedFault> {
  const before = await suspendedIn(group, deps);
  const ours = processes.filter((process) => !before.includes(process));
  if (ours.length === 0) throw new ActivityFailed(`${processes.join(", ")} of ${group} are suspended already`);
  const look = async (wanted: boolean): Promise<Sight> => {
    const now = await suspendedIn(group, deps);
    const seen = ours.every((process) => now.includes(process) === wanted);
    return { seen, evidence: `${group}: ${now.length === 0 ? "nothing" : now.join(", ")} is suspended` };
  };
  return {
    kind: KIND,
    label: `suspension of ${ours.join(", ")} of ${group}`,
    victims: [group],
    undo: { kind: KIND, group, processes: ours },
    async apply() {
      await withAws(deps, (aws) => aws.autoscaling.suspendProcesses(group, ours));
      return ours;
    },
    witness: {
      label: "the Auto Scaling group's description",
      isInjected: () => look(true),
      isReverted: () => look(false),
    },
  };
}

async function suspendedIn(group: string, deps: Deps): Promise<readonly string[]> {
  const found = (await withAws(deps, (aws) => aws.autoscaling.groupsNamed([group]))).get(group);
  if (found === undefined) throw new ActivityFailed(`there is no Auto Scaling group ${group}`);
  return found.suspended;
}

export const suspendUndo: UndoKind = {
  kind: KIND,
  undo: (record, deps) =>
    withAws(deps, async (aws) => {
      const group = textAt(record, "group") ?? "";
      // A group that is gone has nothing to resume.
      if ((await aws.autoscaling.groupsNamed([group])).has(group)) await aws.autoscaling.resumeProcesses(group, processesIn(record));
    }),
  byHand: (record) =>
    `aws autoscaling resume-processes --auto-scaling-group-name ${textAt(record, "group") ?? ""} --scaling-processes ${processesIn(record).join(" ")}`,
};

function processesIn({ processes }: UndoRecord): readonly string[] {
  return isList(processes) ? processes.map(written) : [];
}
