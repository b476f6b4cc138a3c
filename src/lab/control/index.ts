export { type ControlRequest, type ControlRoute, startControlServer } from "./control-server.ts";
export { Fields } from "./fields.ts";
export { serveUntil } from "./serve-until.ts";
export { Ring } from "./ring.ts";
