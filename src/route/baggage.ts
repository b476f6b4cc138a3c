import { findHeader } from "./header-list.ts";

/**
 * The percent-decoded value of a member of the `baggage` field, all its lines taken together (W3C Baggage, section 3.2); undefined when
 * there is none. Of several with one key the last counts, as for OpenTelemetry's libraries.
 */
export function baggageValue(fields: readonly string[], key: string): string | undefined {
  let value: string | undefined;
  for (let at = findHeader(fields, "baggage"); at >= 0; at = findHeader(fields, "baggage", at + 2)) {
    for (const member of (fields[at + 1] as string).split(",")) {
      const [pair = ""] = member.split(";", 1);
      const equals = pair.indexOf("=");
      if (equals >= 0 && pair.slice(0, equals).trim() === key) value = pair.slice(equals + 1).trim();
    }
  }
  return value === undefined ? undefined : percentDecoded(value);
}

function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
