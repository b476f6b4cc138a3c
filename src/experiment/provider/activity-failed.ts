/** An activity that failed: not the system's steady state, but the asking or the doing itself. */
export class ActivityFailed extends Error {
  /** A traceback's lines, as journals carry them. */
  readonly lines: readonly string[];
  /** A control said that the whole run is to end. */
  readonly interrupts: boolean;
  constructor(message: string, lines: readonly string[] = [], interrupts = false) {
    super(message);
    this.name = "ActivityFailed";
    this.lines = [...lines, `chaoslib.exceptions.ActivityFailed: ${message}\n`];
    this.interrupts = interrupts;
  }
}
