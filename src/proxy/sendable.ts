import { FieldId, Framing, fieldIdOfName } from "../wire/index.ts";

const UNSENDABLE_NAME = /[^!#$%&'*+\-.^_`|~0-9A-Za-z]/;
// Beyond U+00FF a character is no byte: cut to eight bits it could become a line end.
const UNSENDABLE_VALUE = /[^\t\x20-\x7e\x80-\xff]/;

/** Whether a field may have this name (RFC 9110 section 5.1). */
export function isSendableName(name: string): boolean {
  return name !== "" && !UNSENDABLE_NAME.test(name);
}

/** Whether it is a field value (RFC 9110 section 5.5), one byte a character. */
export function isSendableValue(value: string): boolean {
  return !UNSENDABLE_VALUE.test(value);
}

const FRAMING = FieldId.contentLength | FieldId.transferEncoding;
const UNSENDABLE_TARGET = /[^\x21\x22\x24-\x7e]/;

/** Whether a filter left a path that may stand in a request line. */
export function isSendable(method: string, path: string): boolean {
  return path === "*" ? method === "OPTIONS" : path.startsWith("/") && !UNSENDABLE_TARGET.test(path);
}

/**
 * Content of a GET or HEAD means nothing to most servers (RFC 9110 section 9.3.1), and one that does not read it takes it for the next
 * request. So its connection is not used again, and the endpoint is told.
 */
export function isContentOdd(method: string, framing: Framing): boolean {
  return framing !== Framing.none && (method === "GET" || method === "HEAD");
}

/** Lines of a list that filters could change; framing fields, which are not theirs, are left out. Undefined when one can not be sent. */
export function fieldsText(fields: readonly string[]): string | undefined {
  let text = "";
  for (let at = 0; at < fields.length; at += 2) {
    const name = fields[at] as string;
    const value = fields[at + 1] as string;
    if ((fieldIdOfName(name) & (FRAMING | FieldId.connection)) !== 0) continue;
    if (!isSendableName(name) || !isSendableValue(value)) return undefined;
    text += `${name}: ${value}\r\n`;
  }
  return text;
}
