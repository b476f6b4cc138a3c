export { type ControlRequest, type ControlRoute, startControlServer } from "./control-server.ts";
export { Fields } from "./fields.ts";
export { Ring } from "./ring.ts";
