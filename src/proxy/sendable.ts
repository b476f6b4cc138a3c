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
