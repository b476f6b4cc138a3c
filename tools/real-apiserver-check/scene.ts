import type { ControlPlane } from "./control-plane.ts";
import type { Report } from "./report.ts";

/** What every group of checks has. */
export interface Scene {
  readonly plane: ControlPlane;
  readonly report: Report;
  readonly directory: string;
  /** Whether outages last a minute and idleness five, as in a real incident; else seconds. */
  readonly isLong: boolean;
}
