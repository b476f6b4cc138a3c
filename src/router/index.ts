export { parseListenAddress } from "./address.ts";
export type { ListenAddress } from "./listeners.ts";
export type { RouterOptions } from "./options.ts";
export type { RoutesSource } from "./messages.ts";
export { runControlProcess, runWorkerProcess } from "./processes.ts";
export { type Router, startRouter } from "./start.ts";
export type { RouterEnd } from "./supervisor.ts";
export { WEAKNESSES } from "./weaknesses.ts";
export type { StatusView } from "./admin/views.ts";
