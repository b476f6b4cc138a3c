/** Milliseconds since 1970 of a time of a journal. Python's, of old, have no offset and are in UTC. NaN for what is none. */
export function instantOf(text: string | undefined): number {
  if (text === undefined || !/^\d{4}-\d\d-\d\d[T ]\d\d:\d\d/.test(text)) return Number.NaN;
  const trimmed = text.replace(/(\.\d{3})\d+/, "$1").replace(" ", "T");
  return Date.parse(/(Z|[+-]\d\d:?\d\d)$/.test(trimmed) ? trimmed : `${trimmed}Z`);
}
