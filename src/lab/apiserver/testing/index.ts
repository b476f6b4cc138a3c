export { type TestApiServer, startApiServer } from "./start-api-server.ts";
export { type WatchLine, openWatch } from "./watch-lines.ts";
