export { type Clock, type Timer, sleep, systemClock } from "./clock.ts";
export { isUnfinishedWrite, syncFolder, temporaryName, writeDurably } from "./durable-file.ts";
export { AppError, type Problem, type Retry, assertNever, formatProblem, messageOf } from "./errors.ts";
export { hashText, mixed } from "./hash.ts";
export { isRecord } from "./json.ts";
export { makeFolder } from "./make-folder.ts";
export {
  type ProcessIdentity,
  childrenOf,
  identify,
  isRunning,
  sessionMembers,
  signalProcess,
  startTimeIn,
  stateOf,
  statFields,
} from "./process-table.ts";
export { type Random, seededRandom, systemRandom } from "./random.ts";
export { savedFields } from "./saved-fields.ts";
