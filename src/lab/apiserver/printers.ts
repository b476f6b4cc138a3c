import { CORE_PRINTERS } from "./core-printers.ts";
import { NETWORK_PRINTERS } from "./network-printers.ts";
import { POD_COLUMNS, podCells } from "./pod-printer.ts";
import type { Printer } from "./resource-type.ts";
import { WORKLOAD_PRINTERS } from "./workload-printers.ts";

/** Columns and cells are those of kube-apiserver (pkg/printers/internalversion), which kubectl only prints. */
const PRINTERS: Readonly<Record<string, Printer>> = {
  ...CORE_PRINTERS,
  ...WORKLOAD_PRINTERS,
  ...NETWORK_PRINTERS,
  "Pod.": { columns: POD_COLUMNS, cells: podCells },
};

/** The columns of a built-in kind; undefined for what shows its name and the time it was created. */
export function printerFor(group: string, kind: string): Printer | undefined {
  return PRINTERS[`${kind}.${group}`];
}
