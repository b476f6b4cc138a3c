import { burnUndo } from "../resource/burn.ts";
import { groupUndo } from "../resource/control-group.ts";
import { diskUndo } from "../resource/disk.ts";
import { openFilesUndo } from "../resource/open-files.ts";
import { portsUndo } from "../resource/ports.ts";
import { suspendUndo } from "../cloud/group-faults.ts";
import { instanceStopUndo } from "../cloud/instance-faults.ts";
import { zoneUndo } from "../cloud/lab-machines.ts";
import { toxiproxyUndo } from "../alias/chaostoxi/toxiproxy.ts";
import { removeUndo, restoreUndo } from "../kubernetes/object-faults.ts";
import { patchUndo } from "../kubernetes/patch-fault.ts";
import { stopUndo } from "../component/stop.ts";
import { taintUndo } from "../kubernetes/taint-fault.ts";
import { awsFaultUndo } from "../lab-aws/aws-fault.ts";
import { firewallUndo } from "../network/firewall.ts";
import { routeUndo } from "../network/route.ts";
import { bandwidthUndo } from "../network/shape.ts";
import { etcdUndo } from "../load/control-plane/etcd.ts";
import { requestsUndo } from "../load/control-plane/load-process-undo.ts";
import { markedUndo } from "../load/control-plane/marked-undo.ts";
import { signalUndo } from "../process/signal.ts";
import { apiUndo } from "../proxy/api-undo.ts";
import { insertUndo } from "../proxy/insert.ts";
import type { UndoKind } from "./fault.ts";

/** All ways of putting something back; each stands beside what it puts back. */
const undos: readonly UndoKind[] = [
  etcdUndo,
  markedUndo,
  requestsUndo,
  portsUndo,
  openFilesUndo,
  groupUndo,
  diskUndo,
  burnUndo,
  apiUndo,
  awsFaultUndo,
  bandwidthUndo,
  firewallUndo,
  insertUndo,
  instanceStopUndo,
  patchUndo,
  removeUndo,
  restoreUndo,
  signalUndo,
  stopUndo,
  suspendUndo,
  taintUndo,
  toxiproxyUndo,
  zoneUndo,
  routeUndo,
];

const byKind = new Map(undos.map((undo) => [undo.kind, undo]));

export function findUndo(kind: string): UndoKind | undefined {
  return byKind.get(kind);
}
