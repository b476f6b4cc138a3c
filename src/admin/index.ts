export { readDecision } from "./decision.ts";
export { isLoopbackAddress, refusal } from "./guard.ts";
export { type HeldRemoval, type HeldView, type HoldDecision, heldView } from "./held.ts";
export { type AdminEndpoint, type AdminExchange, type AdminListener, TEXT_TYPE, openAdminListener, send, sendJson } from "./listener.ts";
