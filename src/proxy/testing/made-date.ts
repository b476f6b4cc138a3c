/** Stands for the time at which a response was made, or came, in what a test compares. */
export const DATE = "Date: <now>\r\n";

const TIME = /Date: ([A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT)\r\n/g;
const RECENT_MS = 300_000;

/** The same bytes whenever they were made: a Date of the last minutes is the proxy's, any other stays. */
export function withDateMade(bytes: string): string {
  return bytes.replaceAll(TIME, (line, time: string) => (Math.abs(Date.now() - Date.parse(time)) < RECENT_MS ? DATE : line));
}
