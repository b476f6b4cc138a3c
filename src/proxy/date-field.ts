let dateSecond = -1;
let dateField = "";

/** The `Date` field of a response that has none (RFC 9110 section 6.6.1) as a line; made once a second. */
export function dateLine(wallMs: number): string {
  const second = Math.floor(wallMs / 1000);
  if (second !== dateSecond) {
    dateSecond = second;
    dateField = `Date: ${new Date(second * 1000).toUTCString()}\r\n`;
  }
  return dateField;
}
