import { isRecord, messageOf } from "../../kernel/index.ts";
import { textAt } from "../document/json.ts";
import type { PreparedFault, Sight, UndoDeps, UndoKind } from "../fault/fault.ts";
import { labOf } from "../component/lab-component.ts";
import { getText } from "../lab/get-text.ts";
import { ActivityFailed } from "../provider/activity-failed.ts";
import type { LabHandle, Target } from "../target/target.ts";

const ZONE = "zone/lose";
const TIMEOUT_MS = 30_000;

type Deps = Omit<UndoDeps, "signal" | "environment">;

/** Every machine of the zone is off at once, and nothing starts there, until it is back. */
export function prepareZoneLoss(zone: string, deps: Deps): PreparedFault {
  const lab = labOf(deps.target, "of AWS");
  const look = async (wanted: boolean, signal: AbortSignal): Promise<Sight> => {
    const parts = await partsOfZone(lab, zone, signal);
    const running = parts.filter(({ state }) => state === "running").map(({ name }) => name);
    const evidence = `${running.length} of ${parts.length} processes of ${zone} run${running.length === 0 ? "" : `: ${running.slice(0, 5).join(", ")}`}`;
    return { seen: wanted ? running.length === 0 : running.length > 0, evidence };
  };
  return {
    kind: ZONE,
    label: `loss of zone ${zone}`,
    victims: [zone],
    undo: { kind: ZONE, zone },
    async apply(signal) {
      await labAction(lab, "lose-zone", zone, signal);
      return zone;
    },
    witness: {
      label: `the processes of ${zone}`,
      isInjected: (signal) => look(true, signal),
      isReverted: (signal) => look(false, signal),
    },
  };
}

export const zoneUndo: UndoKind = {
  kind: ZONE,
  undo: (record, { target, signal }) => labAction(labOf(target, "of AWS"), "restore-zone", textAt(record, "zone") ?? "", signal),
  byHand: (record) => `bring zone ${textAt(record, "zone") ?? ""} back on the lab's page (restore-zone)`,
};

/** A spot instance of a lab has two minutes from now. */
export async function giveSpotNotice(target: Target, node: string, signal: AbortSignal): Promise<void> {
  await labAction(labOf(target, "of AWS"), "spot-notice", node, signal);
}

async function labAction(lab: LabHandle, name: string, target: string, signal: AbortSignal): Promise<void> {
  const url = new URL(`api/actions/${name}`, lab.url);
  try {
    const answer = await fetch(url, {
      method: "POST",
      headers: { "x-holdfast-token": lab.token, "content-type": "application/json" },
      body: JSON.stringify({ target }),
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
    });
    if (!answer.ok) throw new ActivityFailed(`${name} ${target}: the lab answered ${answer.status} ${(await answer.text()).slice(0, 300)}`);
  } catch (error) {
    if (error instanceof ActivityFailed) throw error;
    throw new ActivityFailed(`${url.href}: ${messageOf(error)}`);
  }
}

async function partsOfZone(lab: LabHandle, zone: string, signal: AbortSignal): Promise<readonly { name: string; state: string }[]> {
  const told: unknown = JSON.parse(await getText(new URL("api/components", lab.url).toString(), signal));
  const all: unknown = isRecord(told) ? told["components"] : told;
  if (!Array.isArray(all)) throw new ActivityFailed("the lab does not list its processes");
  return all.flatMap((part: unknown) =>
    isRecord(part) && part["zone"] === zone ? [{ name: String(part["name"]), state: String(part["state"]) }] : [],
  );
}
