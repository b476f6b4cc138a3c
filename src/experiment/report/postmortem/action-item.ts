export const ACTION_TYPES = ["prevent", "detect", "mitigate"] as const;
export const PRIORITIES = ["P0", "P1", "P2", "P3"] as const;
export const STATUSES = ["open", "done", "dropped"] as const;

/** Something to be done after an incident, and the experiment that shows that it was. */
export interface ActionItem {
  /** Unique over all post-mortems: `20261124T015012Z-4711/1`. */
  readonly id: string;
  readonly action: string;
  readonly type: (typeof ACTION_TYPES)[number];
  readonly priority: (typeof PRIORITIES)[number];
  /** Empty while nobody has it. */
  readonly owner: string;
  readonly status: (typeof STATUSES)[number];
  /** The title of the experiment that must hold. */
  readonly experiment: string;
}

/** The columns of the table of a post-mortem, in their order. */
export const COLUMNS = [
  "id",
  "action",
  "type",
  "priority",
  "owner",
  "status",
  "experiment",
] as const satisfies readonly (keyof ActionItem)[];
