import { ActivityFailed } from "../provider/activity-failed.ts";

/** Python's `str.format` with named fields, as far as selectors use it: `{name}`, `{{` and `}}`. */
export function formatted(template: string, values: Readonly<Record<string, string>>): string {
  return template.replaceAll(/\{\{|\}\}|\{([^{}]*)\}/g, (found: string, name: string | undefined) => {
    if (name === undefined) return found.charAt(0);
    const value = values[name];
    if (value === undefined) throw new ActivityFailed(`${JSON.stringify(template)} names {${name}}, which there is not: KeyError`);
    return value;
  });
}
