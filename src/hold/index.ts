export type { Evidence, EvidenceItem } from "./evidence.ts";
export type { HeldCause, HeldChange, HeldReason, Observation } from "./held-change.ts";
export type { Accepted, AcceptedChange, AuditLine, Claim, Decision, Hold, HoldDeps, HoldOptions, HoldStatus } from "./hold-api.ts";
export { type HoldState, parseHoldState } from "./hold-state.ts";
export { createHold } from "./hold.ts";
export { createMemberEvidence } from "./members.ts";
export { type Budget, HOLD_POLICY_DEFAULTS, type HoldPolicy, type Proof } from "./policy.ts";
export { type RemovalWindow, type SavedRemovals, createRemovalWindow } from "./removal-window.ts";
