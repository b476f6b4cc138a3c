export { convert } from "./convert.ts";
export type { ConversionChange, Converted } from "./converted.ts";
export { IncrementalConversion } from "./incremental-conversion.ts";
export { type ConvertOptions, defaultConvertOptions } from "./options.ts";
export { validate } from "./validate.ts";
export type { ObjectChange, ObjectKind, ObjectProblem, World } from "./world.ts";
export { readSkipperOptions, skipperConvertOptions } from "./skipper-options.ts";
export { type TlsClaim, TlsClaimIndex } from "./tls-secrets.ts";
export { endpointSliceOf } from "./endpoints-object.ts";
