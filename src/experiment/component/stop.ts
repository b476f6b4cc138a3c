import { isRunning } from "../../kernel/index.ts";
import { written } from "../document/json.ts";
import type { PreparedFault, Sight, UndoKind, UndoRecord } from "../fault/fault.ts";
import { tryConnect } from "../network/try-connect.ts";
import { ActivityFailed } from "../provider/activity-failed.ts";
import type { LabHandle } from "../target/target.ts";
import { type LabComponent, changeComponent, componentsOf } from "./lab-component.ts";

const KIND = "component/stop";
const CONNECT_MS = 1_000;

/** How the label of a stopped component begins; `component/start` finds its fault by it. */
export function stopLabel(name: string): string {
  return `stop of ${name}`;
}

/**
 * Ends a component. What the lab starts stays down until it is put back. Containers, and processes of routers, are started again by their kubelet
 * or supervisor: of these there is nothing to undo.
 */
export function prepareStop(lab: LabHandle, component: LabComponent, kill: boolean): PreparedFault {
  const { name, startedBy, pid, startedAtTicks } = component;
  const staysDown = startedBy === "lab";
  if (pid === null) throw new ActivityFailed(`${name} does not run: it is ${component.state}`);
  const identity = { pid, startTime: startedAtTicks ?? "" };
  const isGone = (): Promise<Sight> => {
    const seen = !isRunning(identity);
    return Promise.resolve({ seen, evidence: `process ${pid}: ${seen ? "no such process" : "runs"}` });
  };
  const [listens] = component.listens;
  return {
    kind: KIND,
    label: stopLabel(name),
    victims: [name],
    undo: staysDown ? { kind: KIND, name } : null,
    async apply(signal) {
      await changeComponent(lab, { name, verb: "stop", kill }, signal);
      return { name, pid };
    },
    witness: {
      label: staysDown && listens !== undefined ? `connect to ${listens}` : `/proc/${pid}`,
      async isInjected(signal) {
        if (!staysDown || listens === undefined) return isGone();
        const { outcome, evidence } = await tryConnect(listens, CONNECT_MS, signal);
        return { seen: outcome === "ECONNREFUSED" && !isRunning(identity), evidence };
      },
      async isReverted(signal) {
        if (listens !== undefined) {
          const { outcome, evidence } = await tryConnect(listens, CONNECT_MS, signal);
          return { seen: outcome === "connected", evidence };
        }
        const now = (await componentsOf(lab, signal)).find((one) => one.name === name);
        return { seen: now?.state === "running", evidence: `${name} is ${now?.state ?? "gone"}, process ${now?.pid ?? "none"}` };
      },
    },
  };
}

/** Starting what runs does nothing, so it may be done twice. */
export const stopUndo: UndoKind = {
  kind: KIND,
  async undo({ name }, { target, signal }) {
    const { lab } = target;
    // A lab that has ended has no part that could be missing in it.
    if (lab === undefined || !isRunning({ pid: lab.pid, startTime: "" })) return;
    const wanted = written(name);
    // So has one whose node was terminated meanwhile.
    if (!(await componentsOf(lab, signal)).some((one) => one.name === wanted)) return;
    await changeComponent(lab, { name: wanted, verb: "start" }, signal);
  },
  byHand: ({ name }: UndoRecord) => `POST /api/components/${written(name)}/start at the lab's console (docs/reference/console-api.md)`,
};
