/** Ints per field in the list of fields. */
const FIELD_INTS = 5;
/** Beside the field id: the line can be forwarded as it is. */
const PLAIN = 1 << 30;

/**
 * The head of a message, or a trailer section, as data: one latin1 string and offsets into it. Fields become strings when they are
 * asked for, and lines that are forwarded as they came are cut out together. One object holds head after head.
 *
 * Gotcha: what it holds is valid until `clear`.
 */
export class MessageHead {
  /** Per field: name start, name end, value start, value end, field id. */
  #fields = new Int32Array(24 * FIELD_INTS);

  /** The head as latin1, from the start line to the empty line, CR LF included. */
  text = "";
  method = "";
  target = "";
  /** 0 in a request. */
  status = 0;
  reason = "";
  /** 1 for HTTP/1.1, 0 for HTTP/1.0. */
  minorVersion = 1;
  fieldCount = 0;
  /** Bits of the fields that are there, and of those that are there more than once. */
  present = 0;
  repeated = 0;
  /** Whether all lines are plain ({@link MessageHead.isPlainAt}). */
  isPlain = true;
  /** Where the request target stands in `text`; 0 in a response. */
  targetStart = 0;
  targetEnd = 0;
  /** Index in `text` of the first field line (or the empty line). */
  fieldsStart = 0;

  clear(): void {
    this.text = "";
    this.method = "";
    this.target = "";
    this.status = 0;
    this.reason = "";
    this.fieldCount = 0;
    this.present = 0;
    this.repeated = 0;
    this.isPlain = true;
    this.targetEnd = 0;
    this.fieldsStart = 0;
  }

  /** Adds a field by its offsets in the text that {@link MessageHead.complete} will give. */
  addField(nameStart: number, nameEnd: number, valueStart: number, valueEnd: number, id: number, isPlain: boolean): void {
    const at = this.fieldCount * FIELD_INTS;
    if (at === this.#fields.length) {
      const grown = new Int32Array(this.#fields.length * 2);
      grown.set(this.#fields);
      this.#fields = grown;
    }
    const fields = this.#fields;
    fields[at] = nameStart;
    fields[at + 1] = nameEnd;
    fields[at + 2] = valueStart;
    fields[at + 3] = valueEnd;
    fields[at + 4] = isPlain ? id | PLAIN : id;
    this.isPlain = this.isPlain && isPlain;
    this.repeated |= this.present & id;
    this.present |= id;
    this.fieldCount++;
  }

  /** Gives the text that the offsets are into, once it is whole. */
  complete(text: string): void {
    this.text = text;
    if (this.targetEnd > 0) {
      this.method = text.slice(0, this.targetStart - 1);
      this.target = text.slice(this.targetStart, this.targetEnd);
    } else if (this.fieldsStart > 15) {
      // Behind `HTTP/1.1 200 ` and before CR LF.
      this.reason = text.slice(13, this.fieldsStart - 2);
    }
  }

  /** The same in an object of its own, which stays when this one is cleared. */
  copy(): MessageHead {
    const copy = new MessageHead();
    copy.#fields = this.#fields.slice();
    copy.text = this.text;
    copy.method = this.method;
    copy.target = this.target;
    copy.status = this.status;
    copy.reason = this.reason;
    copy.minorVersion = this.minorVersion;
    copy.fieldCount = this.fieldCount;
    copy.present = this.present;
    copy.repeated = this.repeated;
    copy.isPlain = this.isPlain;
    copy.targetStart = this.targetStart;
    copy.targetEnd = this.targetEnd;
    copy.fieldsStart = this.fieldsStart;
    return copy;
  }

  /** Name of the field at `index` as it was sent. */
  nameAt(index: number): string {
    const at = index * FIELD_INTS;
    return this.text.slice(this.#fields[at], this.#fields[at + 1]);
  }

  /** Value of the field at `index`, without the white space around it. */
  valueAt(index: number): string {
    const at = index * FIELD_INTS;
    return this.text.slice(this.#fields[at + 2], this.#fields[at + 3]);
  }

  /** Whether the field at `index` has this name, which is in lower case. */
  isNamed(index: number, lower: string): boolean {
    const at = index * FIELD_INTS;
    const start = this.#fields[at] as number;
    if ((this.#fields[at + 1] as number) - start !== lower.length) return false;
    const text = this.text;
    for (let offset = 0; offset < lower.length; offset++) {
      const letter = text.charCodeAt(start + offset);
      const expected = lower.charCodeAt(offset);
      // Lower case of the letters only: 0x20 makes other characters of a token into others.
      if (letter !== expected && (letter < 0x41 || letter > 0x5a || (letter | 0x20) !== expected)) return false;
    }
    return true;
  }

  idAt(index: number): number {
    return (this.#fields[index * FIELD_INTS + 4] as number) & ~PLAIN;
  }

  /** Where the line of field `index` starts in `text`. */
  lineStartAt(index: number): number {
    return this.#fields[index * FIELD_INTS] as number;
  }

  /** Whether the line is written as `Name: value` with one space and none behind, so that it can be forwarded as it is. */
  isPlainAt(index: number): boolean {
    return ((this.#fields[index * FIELD_INTS + 4] as number) & PLAIN) !== 0;
  }

  /** Value of the first field with this id, undefined when there is none. */
  valueOf(id: number): string | undefined {
    if ((this.present & id) === 0) return undefined;
    for (let index = 0; index < this.fieldCount; index++) if (this.idAt(index) === id) return this.valueAt(index);
    return undefined;
  }
}
