import { AppError } from "../../kernel/index.ts";
import type { Lab } from "../lab.ts";
import { askMachineRoom } from "../machines/machine-room.ts";
import type { LabNode } from "../machines/machines.ts";
import type { FaultLedger } from "./fault-ledger.ts";

/** What befalls machines on AWS. */
export class MachineFaults {
  readonly #lab: Lab;
  readonly #ledger: FaultLedger;

  constructor(lab: Lab, ledger: FaultLedger) {
    this.#lab = lab;
    this.#ledger = ledger;
  }

  /** The zones of the account. */
  get zones(): readonly string[] {
    return this.#lab.plan.network.zones.map(({ name }) => name);
  }

  /** As `aws ec2 terminate-instances` does: the machine is gone at once, and its Auto Scaling group launches another. @throws AppError LAB_NO_SUCH_NODE, LAB_MACHINES_UNKNOWN */
  async terminate(name: string): Promise<string> {
    const node = this.#node(name);
    await askMachineRoom(this.#lab.plan, "POST", `/machines/${node.instanceId}/terminate`);
    this.#lab.timeline.add({ event: `instance ${node.instanceId} of ${name} terminated`, cause: "by hand", tone: "alarm", policy: null });
    return `Terminated ${node.instanceId}: ${name} is gone, and its Auto Scaling group launches another node.`;
  }

  /** Tells a spot instance that it is taken away in two minutes. @throws AppError LAB_NO_SUCH_NODE, LAB_MACHINES_UNKNOWN */
  async giveSpotNotice(name: string): Promise<string> {
    const node = this.#node(name);
    await askMachineRoom(this.#lab.plan, "POST", `/machines/${node.instanceId}/spot-notice`);
    return `Gave ${name} notice: AWS takes its instance ${node.instanceId} away in two minutes.`;
  }

  /** Every machine of the zone is off at once, and nothing starts there. @throws AppError LAB_MACHINES_UNKNOWN */
  async loseZone(zone: string): Promise<string> {
    await askMachineRoom(this.#lab.plan, "POST", `/zones/${zone}/lose`);
    this.#ledger.open(`zone/${zone}`, "break", `zone ${zone} lost`);
    this.#lab.timeline.add({ event: `zone ${zone} is lost`, cause: "by hand", tone: "alarm", policy: null });
    return `Zone ${zone} is lost until it is put back: its nodes are off, and others are launched in the other zones.`;
  }

  async restoreZone(zone: string): Promise<string> {
    await askMachineRoom(this.#lab.plan, "POST", `/zones/${zone}/restore`);
    this.#ledger.close(`zone/${zone}`);
    this.#lab.timeline.add({ event: `zone ${zone} is back`, cause: "by hand", tone: "plain", policy: null });
    return `Zone ${zone} is back.`;
  }

  #node(name: string): LabNode {
    const found = this.#lab.machines.nodes.find((node) => node.name === name);
    if (found === undefined) throw new AppError("LAB_NO_SUCH_NODE", `the lab has no node ${name} now: its instance is terminated`);
    return found;
  }
}
