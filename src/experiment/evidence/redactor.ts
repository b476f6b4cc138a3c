import { type Json, isList, isObject } from "../document/json.ts";

export const REDACTED = "[redacted]";

/** A shorter one stands in too many texts by chance; where it was given it is taken out all the same. */
const LEAST_LETTERS = 4;

/** Names of headers and arguments whose value is a secret whoever wrote it. */
const SECRET_NAMES =
  /^(?:(?:proxy-)?authorization|(?:set-)?cookie|x-api-key|x-amz-security-token|x-vault-token|password|passwd|token|secret|api[-_]?key|client[-_]?secret|private[-_]?key|secret[-_]?access[-_]?key)$/i;

/** What has the form of a secret: credentials of HTTP, JSON Web Tokens, users in URLs, private keys. */
const SECRET_FORMS: readonly (readonly [RegExp, string])[] = [
  [/\b(Bearer|Basic) +[\w.~+/=-]{8,}/gi, `$1 ${REDACTED}`],
  [/\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*/g, REDACTED],
  [/(:\/\/[^/\s:@]{1,256}:)[^/\s@]{1,1024}@/g, `$1${REDACTED}@`],
  [/-----BEGIN ([A-Z ]*)PRIVATE KEY-----[^-]*-----END [A-Z ]*PRIVATE KEY-----/g, REDACTED],
];

/**
 * Takes secrets out of whatever a run leaves behind: the secrets of its file wherever they stand (a program may print them; also in base 64, in a URL, in
 * JSON), values of names that hold secrets, and what has the form of one.
 */
export class Redactor {
  #values: RegExp | undefined;
  readonly #known = new Set<string>();

  /** All texts and numbers in it are secret from now on. */
  learn(secrets: Json): void {
    for (const value of leavesOf(secrets)) {
      if (value.length < LEAST_LETTERS) continue;
      for (const form of [value, encodeURIComponent(value), Buffer.from(value).toString("base64"), JSON.stringify(value).slice(1, -1)])
        this.#known.add(form);
    }
    // The longest first: one may be the beginning of another.
    const longestFirst = [...this.#known].sort((one, other) => other.length - one.length);
    this.#values =
      longestFirst.length === 0
        ? undefined
        : new RegExp(longestFirst.map((text) => text.replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&")).join("|"), "g");
  }

  text(text: string): string {
    const known = this.#values === undefined ? text : text.replace(this.#values, REDACTED);
    return SECRET_FORMS.reduce((said, [form, instead]) => said.replace(form, instead), known);
  }

  /** A copy without secrets. Of fields that hold secrets (`secrets` of an experiment) it stays which there are, and where they come from. */
  json<T>(value: T): T {
    return this.#copy(value as Json, undefined) as T;
  }

  #copy(value: Json, name: string | undefined): Json {
    if (typeof value === "string") return name !== undefined && SECRET_NAMES.test(name) ? REDACTED : this.text(value);
    if (isList(value)) return value.map((item) => this.#copy(item, name));
    if (!isObject(value)) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, field]) => [
        key,
        field === undefined ? field : key === "secrets" && isObject(field) ? blanked(field) : this.#copy(field, key),
      ]),
    );
  }
}

function leavesOf(value: Json): readonly string[] {
  if (typeof value === "string") return [value];
  if (typeof value === "number") return [String(value)];
  if (value === null || typeof value !== "object") return [];
  return (isList(value) ? value : Object.values(value)).flatMap((field) => (field === undefined ? [] : leavesOf(field)));
}

/** Where a secret comes from is none (`{"type": "env", "key": "TOKEN"}`); one that stands in the file is. */
function blanked(value: Json): Json {
  if (isObject(value)) {
    if (typeof value["type"] === "string") return { ...value, ...(value["default"] === undefined ? {} : { default: REDACTED }) };
    return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, field === undefined ? field : blanked(field)]));
  }
  if (isList(value)) return value.map(blanked);
  return value === null ? null : REDACTED;
}
