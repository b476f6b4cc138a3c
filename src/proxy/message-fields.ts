import { type HeaderList, addHeader, removeHeader, setHeader } from "../route/index.ts";
import { FieldId, fieldIdOfName } from "../wire/index.ts";

/**
 * The fields of one message as filters want them. As long as nobody asks for the list, what filters do is noted apart, so that the message is
 * forwarded from its bytes: without the dropped names and with the added lines behind. One object serves message after message.
 */
export class MessageFields {
  readonly #make: () => HeaderList;
  #list: HeaderList | undefined = undefined;
  /** Lower-case names of which no line of the message is left. */
  readonly dropped: string[] = [];
  readonly added: HeaderList = [];
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
    this.dropped.length = 0;
    this.added.length = 0;
  }

  /** All lines, made when first asked for: they are what is sent from then on. */
  get list(): HeaderList {
    if (this.#list === undefined) {
      const list = this.#make();
      for (const name of this.dropped) removeHeader(list, name);
      list.push(...this.added);
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
    if (this.#isList(name)) setHeader(this.list, name, value);
    else {
      this.#drop(name);
      addHeader(this.added, name, value);
    }
  }

  add(name: string, value: string): void {
    if (this.#isList(name)) addHeader(this.list, name, value);
    else {
      this.isUntouched = false;
      addHeader(this.added, name, value);
    }
  }

  drop(name: string): void {
    if (this.#isList(name)) removeHeader(this.list, name);
    else this.#drop(name);
  }

  /** In some fields the proxy has a part when it sends bytes as they came; those are changed in the list only. */
  #isList(name: string): boolean {
    return this.#list !== undefined || fieldIdOfName(name) !== FieldId.other;
  }

  #drop(name: string): void {
    this.isUntouched = false;
    if (this.added.length > 0) removeHeader(this.added, name);
    const lower = name.toLowerCase();
    if (!this.dropped.includes(lower)) this.dropped.push(lower);
  }
}
