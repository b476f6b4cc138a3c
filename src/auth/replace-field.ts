import { type FilterContext, asBytes, setField } from "../route/index.ts";

/** Sets the request's field to what was found out, as text or JSON, or takes it away: what the client wrote there never reaches the back end. */
export function replaceField(context: FilterContext, name: string, value: unknown): void {
  context.dropField("request", name);
  if (value === undefined || value === null) return;
  setField(context, "request", name, asBytes(typeof value === "string" ? value : JSON.stringify(value)));
}
