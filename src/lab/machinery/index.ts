export type * from "./objects.ts";
export {
  findCondition,
  isPodActive,
  isPodAvailable,
  isPodFinished,
  isPodReady,
  keyOf,
  toMicroTime,
  toTime,
  tolerates,
  untoleratedTaint,
  withCondition,
} from "./pod.ts";
export { parseQuantity } from "./quantity.ts";
export { matchesLabels, matchesSelector, meetsRequirement } from "./selector.ts";
export { type WorkQueue, createWorkQueue } from "./work-queue.ts";
