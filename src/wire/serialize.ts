import { FieldId, fieldIdOfName } from "./field-id.ts";
import type { MessageHead } from "./message-head.ts";

/**
 * The field lines of `head` without those in `without` (a mask of field ids) and those whose lower-case names are in `names`.
 * Lines that are next to each other and plain are cut out of the head together, so that a head that is forwarded
 * nearly as it came costs a few slices.
 */
export function copyFields(head: MessageHead, without: number, names: readonly string[]): string {
  const text = head.text;
  if (head.isPlain && (head.present & without) === 0 && names.length === 0) return text.slice(head.fieldsStart, text.length - 2);
  let copied = "";
  let runStart = -1;
  for (let index = 0; index < head.fieldCount; index++) {
    const isDropped = (head.idAt(index) & without) !== 0 || isAmong(head, index, names);
    if (!isDropped && head.isPlainAt(index)) {
      if (runStart < 0) runStart = head.lineStartAt(index);
      continue;
    }
    if (runStart >= 0) copied += text.slice(runStart, head.lineStartAt(index));
    runStart = -1;
    if (!isDropped) copied += `${head.nameAt(index)}: ${head.valueAt(index)}\r\n`;
  }
  return runStart < 0 ? copied : copied + text.slice(runStart, text.length - 2);
}

/** The same as a flat `[name, value, …]` array. */
export function listFields(head: MessageHead, without: number, names: readonly string[]): string[] {
  const fields: string[] = [];
  for (let index = 0; index < head.fieldCount; index++) {
    if ((head.idAt(index) & without) !== 0) continue;
    if (!isAmong(head, index, names)) fields.push(head.nameAt(index), head.valueAt(index));
  }
  return fields;
}

function isAmong(head: MessageHead, index: number, names: readonly string[]): boolean {
  for (let at = 0; at < names.length; at++) if (head.isNamed(index, names[at] as string)) return true;
  return false;
}

const NO_NAMES: readonly string[] = Object.freeze([]);

/** The options of all Connection fields in lower case (RFC 9110 section 7.6.1). */
export function connectionOptions(head: MessageHead): readonly string[] {
  if ((head.present & FieldId.connection) === 0) return NO_NAMES;
  if ((head.repeated & FieldId.connection) === 0) {
    // Nearly all say one of these two.
    const value = head.valueOf(FieldId.connection) ?? "";
    if (value === "keep-alive" || value === "Keep-Alive") return KEEP_ALIVE;
    if (value === "close") return CLOSE;
  }
  const options: string[] = [];
  for (let index = 0; index < head.fieldCount; index++) {
    if (head.idAt(index) !== FieldId.connection) continue;
    for (const option of head.valueAt(index).split(",")) {
      const name = option.trim().toLowerCase();
      if (name !== "") options.push(name);
    }
  }
  return options;
}

const KEEP_ALIVE: readonly string[] = Object.freeze(["keep-alive"]);
const CLOSE: readonly string[] = Object.freeze(["close"]);

/**
 * The lower-case names among Connection's options that take other fields away. Fields every message needs, and those that say who
 * asked, can not be taken away by a client (RFC 9110 section 7.6.1: never for fields meant for all recipients).
 */
export function connectionNames(options: readonly string[]): readonly string[] {
  if (options === KEEP_ALIVE || options === CLOSE || options.length === 0) return NO_NAMES;
  return options.filter((option) => option !== "close" && option !== "keep-alive" && (fieldIdOfName(option) & KEPT) === 0);
}

const KEPT =
  FieldId.host |
  FieldId.contentLength |
  FieldId.transferEncoding |
  FieldId.xForwardedFor |
  FieldId.xForwardedProto |
  FieldId.xForwardedPort |
  FieldId.xForwardedHost;

/** Fields that are about one connection only and are never forwarded (RFC 9110 section 7.6.1); Connection's own options come on top. */
export const HOP_BY_HOP =
  FieldId.connection |
  FieldId.keepAlive |
  FieldId.proxyConnection |
  FieldId.proxyAuthorization |
  FieldId.proxyAuthenticate |
  FieldId.te |
  FieldId.transferEncoding |
  FieldId.upgrade |
  FieldId.http2Settings;

/** Reason phrases of RFC 9110 section 15 and those in common use; a code that is not listed has none. */
export const reasonPhrases: ReadonlyMap<number, string> = new Map([
  [100, "Continue"],
  [101, "Switching Protocols"],
  [103, "Early Hints"],
  [200, "OK"],
  [201, "Created"],
  [202, "Accepted"],
  [203, "Non-Authoritative Information"],
  [204, "No Content"],
  [205, "Reset Content"],
  [206, "Partial Content"],
  [300, "Multiple Choices"],
  [301, "Moved Permanently"],
  [302, "Found"],
  [303, "See Other"],
  [304, "Not Modified"],
  [307, "Temporary Redirect"],
  [308, "Permanent Redirect"],
  [400, "Bad Request"],
  [401, "Unauthorized"],
  [402, "Payment Required"],
  [403, "Forbidden"],
  [404, "Not Found"],
  [405, "Method Not Allowed"],
  [406, "Not Acceptable"],
  [407, "Proxy Authentication Required"],
  [408, "Request Timeout"],
  [409, "Conflict"],
  [410, "Gone"],
  [411, "Length Required"],
  [412, "Precondition Failed"],
  [413, "Content Too Large"],
  [414, "URI Too Long"],
  [415, "Unsupported Media Type"],
  [416, "Range Not Satisfiable"],
  [417, "Expectation Failed"],
  [418, "I'm a teapot"],
  [421, "Misdirected Request"],
  [422, "Unprocessable Content"],
  [425, "Too Early"],
  [426, "Upgrade Required"],
  [428, "Precondition Required"],
  [429, "Too Many Requests"],
  [431, "Request Header Fields Too Large"],
  [451, "Unavailable For Legal Reasons"],
  [500, "Internal Server Error"],
  [501, "Not Implemented"],
  [502, "Bad Gateway"],
  [503, "Service Unavailable"],
  [504, "Gateway Timeout"],
  [505, "HTTP Version Not Supported"],
  [507, "Insufficient Storage"],
  [511, "Network Authentication Required"],
]);
