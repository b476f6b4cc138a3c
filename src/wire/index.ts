export { type ChunkedLimits, ChunkedDecoder, ChunkStep } from "./chunked-decoder.ts";
export { type WireFault, wireFaults } from "./fault.ts";
export { FieldId, fieldIdOfName } from "./field-id.ts";
export { BodyFraming, Framing, parseContentLength } from "./framing.ts";
export { FAULTY, type HeadKind, HeadParser, NEEDS_MORE } from "./head-parser.ts";
export { defaultHeadLimits, defaultTrailerLimits, type HeadLimits } from "./limits.ts";
export { MessageHead } from "./message-head.ts";
export { RequestTarget } from "./request-target.ts";
export { HOP_BY_HOP, connectionNames, connectionOptions, copyFields, listFields, reasonPhrases } from "./serialize.ts";
