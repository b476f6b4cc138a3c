export type { ApiServerConfig, TokenEntry } from "./config.ts";
export { runApiServer } from "./run.ts";
export { type ApiServer, type ApiServerDeps, createApiServer } from "./server.ts";
