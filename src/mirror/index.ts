export {
  type KeptHold,
  type Mirror,
  type MirrorDeps,
  type MirrorOptions,
  type MirrorStore,
  type SourceStatus,
  createMirror,
} from "./mirror.ts";
export { type EventReporter, type ObjectEvents, createObjectEvents } from "./object-events.ts";
