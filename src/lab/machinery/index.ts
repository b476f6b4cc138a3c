export type * from "./objects.ts";
export {
  findCondition,
  isPodActive,
  isPodAvailable,
  isPodFinished,
  isPodReady,
  keyOf,
  refOf,
  toMicroTime,
  toTime,
  tolerates,
  untoleratedTaint,
  withCondition,
} from "./pod.ts";
export { LAB_CIRCUIT } from "./circuit.ts";
export { type Controller, type ControllerOptions, createController } from "./controller.ts";
export { type EventRecorder, createEventRecorder } from "./event-recorder.ts";
export { type Informer, type InformerOptions, createInformer } from "./informer.ts";
export { matchesNode, onlyNodeOf, repellingTaint } from "./node-fit.ts";
export { parseQuantity } from "./quantity.ts";
export { matchesLabels, matchesSelector } from "./selector.ts";
export { type WorkQueue, createWorkQueue } from "./work-queue.ts";
