/**
 * Header field lines as one flat array `[name, value, name, value, …]`, in the order and spelling received
 * (RFC 9110 section 5.3: order of lines with one name matters, names are case-insensitive).
 * No function here allocates, except where it must grow the array.
 */
export type HeaderList = string[];

/** Whether two field names are the same, ASCII case aside. Length first: most names differ in it. */
export function sameName(left: string, right: string): boolean {
  if (left.length !== right.length) return false;
  if (left === right) return true;
  for (let at = 0; at < left.length; at++) {
    const one = left.charCodeAt(at);
    const other = right.charCodeAt(at);
    if (one === other) continue;
    const lower = one | 0x20;
    if (lower !== (other | 0x20) || lower < 0x61 || lower > 0x7a) return false;
  }
  return true;
}

/** The index of the first line's name at or after `from`, or -1. The value stands at the index + 1. */
export function findHeader(list: readonly string[], name: string, from = 0): number {
  for (let at = from; at < list.length; at += 2) {
    if (sameName(list[at] as string, name)) return at;
  }
  return -1;
}

/** The value of the first line with this name. */
export function getHeader(list: readonly string[], name: string): string | undefined {
  const at = findHeader(list, name);
  return at < 0 ? undefined : list[at + 1];
}

/** Leaves exactly one line with this name: the first is replaced at its place, others go; without one it is appended. */
export function setHeader(list: HeaderList, name: string, value: string): void {
  const first = findHeader(list, name);
  if (first < 0) {
    list.push(name, value);
    return;
  }
  list[first + 1] = value;
  removeFrom(list, name, first + 2);
}

/** Appends a line, whatever is there already. */
export function addHeader(list: HeaderList, name: string, value: string): void {
  list.push(name, value);
}

/** Removes every line with this name. */
export function removeHeader(list: HeaderList, name: string): void {
  removeFrom(list, name, 0);
}

function removeFrom(list: HeaderList, name: string, from: number): void {
  let kept = from;
  for (let at = from; at < list.length; at += 2) {
    if (sameName(list[at] as string, name)) continue;
    if (kept !== at) {
      list[kept] = list[at] as string;
      list[kept + 1] = list[at + 1] as string;
    }
    kept += 2;
  }
  list.length = kept;
}
