export { ConversionMemory } from "./conversion-memory.ts";
export { type Converted, convert } from "./convert.ts";
export { type ConvertOptions, defaultConvertOptions } from "./options.ts";
export { blame, validate } from "./validate.ts";
export type { ObjectKind, ObjectProblem, World } from "./world.ts";
export { readSkipperOptions, skipperConvertOptions } from "./skipper-options.ts";
export { type TlsClaim, tlsClaimsOf } from "./tls-secrets.ts";
export { endpointSliceOf } from "./endpoints-object.ts";
