import type { Clock } from "../../kernel/index.ts";
import type { Lab } from "../lab.ts";
import { FaultLedger } from "./fault-ledger.ts";
import { FloodFault } from "./flood-fault.ts";
import { Kills } from "./kills.ts";
import { MachineFaults } from "./machine-faults.ts";
import { RouteChanges } from "./route-changes.ts";

/** What can be done to the lab, by the scenario and by hand alike. Each deed says on the timeline that it was done. */
export class Faults {
  readonly ledger: FaultLedger;
  readonly flood: FloodFault;
  readonly kills: Kills;
  readonly machines: MachineFaults;
  readonly routes: RouteChanges;

  constructor(lab: Lab, clock: Clock) {
    this.ledger = new FaultLedger(clock);
    this.flood = new FloodFault(lab, this.ledger, clock);
    this.kills = new Kills(lab, this.ledger, clock);
    this.machines = new MachineFaults(lab, this.ledger);
    this.routes = new RouteChanges(lab, this.ledger);
  }
}
