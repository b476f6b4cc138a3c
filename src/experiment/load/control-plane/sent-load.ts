import type { JsonObject } from "../../document/json.ts";
import type { PreparedFault } from "../../fault/fault.ts";
import type { NativeCall } from "../../native/native-activity.ts";
import { ActivityFailed } from "../../provider/activity-failed.ts";
import { loadEvidence } from "../activities/load-evidence.ts";
import { type NamedLoad, loadsOf } from "../activities/loads.ts";
import type { TlsPlan } from "../plan/load-plan.ts";
import { RunningLoad } from "../process/running-load.ts";
import { processRecord } from "./load-process-undo.ts";

export interface ControlPlaneLoad {
  readonly name: string;
  readonly plan: JsonObject;
  readonly addresses: readonly string[];
  readonly tls: TlsPlan | undefined;
  readonly target: string;
}

/**
 * Load on the control plane as a part of a fault: its process is there, and named in the ledger, before anything is sent. Throws ActivityFailed when
 * there is one of that name.
 */
export function newLoad({ name, plan, addresses, tls, target }: ControlPlaneLoad, { evidence, random, clock }: NativeCall): NamedLoad {
  const loads = loadsOf(evidence);
  if (loads.get(name)?.load.isOver === false)
    throw new ActivityFailed(`load ${JSON.stringify(name)} goes on already: give it another name`);
  const named: NamedLoad = {
    name,
    group: "experiment",
    target,
    startedMs: clock.wallMs(),
    load: new RunningLoad({
      plan: { ...plan, name },
      addresses,
      tls,
      seed: Math.floor(random.next() * 2 ** 32),
      onNews: () => {
        const news = loadEvidence(named);
        if (news !== undefined) evidence.recordLoad(news);
      },
    }),
  };
  loads.set(name, named);
  return named;
}

/** Lets it send; throws ActivityFailed when it cannot. */
export async function beginLoad({ name, load }: NamedLoad): Promise<void> {
  await load.start();
  if (load.problem !== undefined) throw new ActivityFailed(`load ${JSON.stringify(name)}: ${load.problem}`);
}

/** Requests alone: nothing is made that would have to be removed. */
export function prepareRequests(named: NamedLoad, label: string): PreparedFault {
  const { load } = named;
  return {
    kind: "load/requests",
    label,
    victims: [named.target],
    undo: { kind: "load/requests", ...processRecord(load.identity) },
    async apply() {
      await beginLoad(named);
      return { name: named.name, target: named.target };
    },
    witness: {
      label: "the answers that the load gets",
      isInjected: () => {
        const sent = load.totals?.sent ?? 0;
        return Promise.resolve({
          seen: sent > 0 && !load.isOver,
          evidence: `${sent} requests sent, ${load.totals?.ok ?? 0} answered as they should be`,
        });
      },
      isReverted: () =>
        Promise.resolve({ seen: !load.isRunning, evidence: `process ${load.identity.pid} ${load.isRunning ? "still sends" : "is gone"}` }),
    },
  };
}
