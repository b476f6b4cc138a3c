import { type HeaderList, addHeader, removeHeader, setHeader } from "../route/index.ts";
import { FieldId, fieldIdOfName } from "../wire/index.ts";
import { isSendableName, isSendableValue } from "./sendable.ts";

/**
 * The fields of one message as filters want them. As long as nobody asks for the list, what filters do is noted apart, so that the message is
 * forwarded from its bytes: without the dropped names and with the added lines behind. One object serves message after message.
 */
export class MessageFields {
  readonly #make: () => HeaderList;
  #list: HeaderList | undefined = undefined;
  readonly #dropped = new Noted();
  readonly #added = new Noted();
  /** The lines to be added, ready to be sent. */
  addedText = "";
  /** Whether it is as it came. */
  isUntouched = true;

  /** `make` lists the fields of the message as it is at that moment. */
  constructor(make: () => HeaderList) {
    this.#make = make;
  }

  /** Forgets the message before. */
  clear(): void {
    if (this.isUntouched) return;
    this.isUntouched = true;
    this.#list = undefined;
    this.#dropped.count = 0;
    this.#added.count = 0;
    this.addedText = "";
  }

  /** Lower-case names of which no line of the message is left. */
  get dropped(): readonly string[] {
    return this.#dropped.all();
  }

  /** All lines, made when first asked for: they are what is sent from then on. */
  get list(): HeaderList {
    if (this.#list === undefined) {
      const list = this.#make();
      for (const name of this.dropped) removeHeader(list, name);
      for (const line of this.addedText.split("\r\n")) {
        const colon = line.indexOf(": ");
        if (colon > 0) list.push(line.slice(0, colon), line.slice(colon + 2));
      }
      this.replace(list);
      return list;
    }
    return this.#list;
  }

  /** The list, if somebody asked for it. */
  get listed(): HeaderList | undefined {
    return this.#list;
  }

  replace(list: HeaderList): void {
    this.clear();
    this.isUntouched = false;
    this.#list = list;
  }

  /** Leaves exactly one line with this name. */
  set(name: string, value: string): void {
    const lower = this.#list === undefined && isSendableValue(value) ? plainName(name) : undefined;
    if (lower === undefined || this.#added.has(lower)) setHeader(this.list, name, value);
    else {
      this.#dropped.note(lower);
      this.#append(name, lower, value);
    }
  }

  add(name: string, value: string): void {
    const lower = this.#list === undefined && isSendableValue(value) ? plainName(name) : undefined;
    if (lower === undefined) addHeader(this.list, name, value);
    else this.#append(name, lower, value);
  }

  drop(name: string): void {
    const lower = this.#list === undefined ? plainName(name) : undefined;
    if (lower === undefined || this.#added.has(lower)) removeHeader(this.list, name);
    else {
      this.isUntouched = false;
      this.#dropped.note(lower);
    }
  }

  #append(name: string, lower: string, value: string): void {
    this.isUntouched = false;
    this.#added.note(lower);
    this.addedText += `${name}: ${value}\r\n`;
  }
}

/**
 * Names in the order they came. Filters do the same to message after message: as long as they do, nothing is written here, and an array that
 * is emptied and filled again costs more than all the rest.
 */
class Noted {
  #names: string[] = [];
  count = 0;

  has(name: string): boolean {
    for (let at = 0; at < this.count; at++) if (this.#names[at] === name) return true;
    return false;
  }

  note(name: string): void {
    if (this.#names[this.count] !== name) this.#names = [...this.all(), name];
    this.count++;
  }

  all(): readonly string[] {
    return this.count === this.#names.length ? this.#names : this.#names.slice(0, this.count);
  }
}

const MAX_KNOWN_NAMES = 1_000;
const lowerCase = new Map<string, string>();

/**
 * In lower case; undefined for a name that is none, and for fields in which the proxy has a part when it sends bytes as they came: those are
 * changed in the list only.
 */
function plainName(name: string): string | undefined {
  const known = lowerCase.get(name);
  if (known !== undefined) return known;
  if (!isSendableName(name) || fieldIdOfName(name) !== FieldId.other) return undefined;
  if (lowerCase.size >= MAX_KNOWN_NAMES) lowerCase.clear();
  const lower = name.toLowerCase();
  lowerCase.set(name, lower);
  return lower;
}
