export { type ControlRequest, type ControlRoute, type ControlServerOptions, startControlServer } from "./control-server.ts";
export { Fields, type IntegerRange } from "./fields.ts";
export { Ring } from "./ring.ts";
