import { type Json, type JsonObject, isEmpty, isList, isObject } from "../document/json.ts";

/** Values by name: of the configuration and of each scope of secrets. */
export interface Values {
  readonly configuration: JsonObject;
  readonly secrets: JsonObject;
}

/** Python's `string.Template`: `$$`, `$name`, `${name}`; ASCII only, as its default pattern. */
const TEMPLATE = /\$(?:(?<escaped>\$)|(?<named>[_a-zA-Z][_a-zA-Z0-9]*)|\{(?<braced>[_a-zA-Z][_a-zA-Z0-9]*)\})/g;
const WHOLE = /^\$(?:([_a-zA-Z][_a-zA-Z0-9]*)|\{([_a-zA-Z][_a-zA-Z0-9]*)\})$/;

/**
 * Puts values in the place of `${name}` and `$name`, in texts, lists and objects however deep. A text that is one name alone becomes the value with
 * its type; names that nobody knows stay. The configuration comes before every scope of secrets (chaostoolkit-lib, `substitute`).
 */
export function substitute(data: Json, values: Values): Json {
  if (isEmpty(data)) return data;
  if (typeof data === "string") return substituteText(data, values);
  if (isList(data)) return data.map((item) => substitute(item, values));
  if (isObject(data))
    return Object.fromEntries(Object.entries(data).map(([name, value]) => [name, value === undefined ? value : substitute(value, values)]));
  return data;
}

/** The same where there are values; without any, `$$` stays as it is, too (so chaostoolkit-lib treats the arguments of activities). */
export function substituteArguments(data: Json, values: Values): Json {
  return isEmpty(values.configuration) && isEmpty(values.secrets) ? data : substitute(data, values);
}

function substituteText(text: string, values: Values): Json {
  const whole = WHOLE.exec(text);
  if (whole !== null) return lookUp(whole[1] ?? whole[2] ?? "", values) ?? text;
  return text.replaceAll(TEMPLATE, (found: string, escaped: string | undefined, named: string | undefined, braced: string | undefined) => {
    if (escaped !== undefined) return "$";
    const value = lookUp(named ?? braced ?? "", values);
    return value === undefined ? found : pythonText(value);
  });
}

function lookUp(name: string, { configuration, secrets }: Values): Json | undefined {
  for (const scope of [configuration, ...Object.values(secrets)]) if (isObject(scope) && Object.hasOwn(scope, name)) return scope[name];
  return undefined;
}

/** What Python's `str()` makes of a value. */
export function pythonText(value: Json): string {
  if (typeof value === "string") return value;
  if (value === null) return "None";
  if (value === true) return "True";
  if (value === false) return "False";
  if (typeof value === "number") return String(value);
  return pythonRepr(value);
}

function pythonRepr(value: Json): string {
  if (typeof value === "string")
    return value.includes("'") && !value.includes('"') ? `"${value}"` : `'${value.replaceAll("'", String.raw`\'`)}'`;
  if (isList(value)) return `[${value.map(pythonRepr).join(", ")}]`;
  if (isObject(value))
    return `{${Object.entries(value)
      .map(([name, field]) => `${pythonRepr(name)}: ${pythonRepr(field ?? null)}`)
      .join(", ")}}`;
  return pythonText(value);
}
