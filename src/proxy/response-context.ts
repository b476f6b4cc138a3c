import { ExchangeState, type HeaderList, type MessageSide } from "../route/index.ts";
import { FieldId, type MessageHead, listFields } from "../wire/index.ts";
import { MessageFields } from "./message-fields.ts";

const NO_NAMES: readonly string[] = [];
const EMPTY = new Uint8Array(0);

/** Which fields of a head are left out: by their ids, and by lower-case names. */
export interface DroppedFields {
  readonly mask: number;
  readonly names: readonly string[];
}

/** The answer to a request as filters see it, whether an endpoint gives it or a filter. */
export abstract class ResponseContext extends ExchangeState {
  /** Head of the endpoint's answer, as long as it is there. */
  #answerHead: MessageHead | undefined = undefined;
  #answerDropped: DroppedFields = { mask: 0, names: NO_NAMES };

  /** What is forwarded to the client. */
  readonly responseFields = new MessageFields(() => this.#listAnswer());
  responseStatus = 0;
  responded = false;
  responseBody: Uint8Array = EMPTY;
  /** What a filter sends in place of the body of an answer. */
  replacedBody: Uint8Array | undefined = undefined;

  /** What is forwarded to the endpoint. */
  abstract readonly requestFields: MessageFields;

  /** There is no answer yet. */
  protected forgetAnswer(): void {
    this.responseFields.clear();
    this.#answerHead = undefined;
    this.responseStatus = 404;
    this.responded = false;
    this.responseBody = EMPTY;
    this.replacedBody = undefined;
  }

  get responseHeaders(): HeaderList {
    return this.responseFields.list;
  }

  /** An endpoint answers with this head, which stays until filters had it; `dropped` are its fields that are not forwarded. */
  answer(head: MessageHead, dropped: DroppedFields): void {
    this.responseFields.clear();
    this.#answerHead = head;
    this.#answerDropped = dropped;
    this.responseStatus = head.status;
  }

  /** The head will be another's: what filters have not asked for so far is read now. */
  detachAnswer(): void {
    void this.responseFields.list;
    this.#answerHead = undefined;
  }

  respond(status: number, headers: readonly string[], body: Uint8Array): void {
    this.responded = true;
    this.responseStatus = status;
    this.responseFields.replace([...headers]);
    this.responseBody = body;
  }

  replaceBody(body: Uint8Array): void {
    this.replacedBody = body;
    this.dropResponseTransforms();
  }

  setField(side: MessageSide, name: string, value: string): void {
    this.#fieldsOf(side).set(name, value);
  }

  addField(side: MessageSide, name: string, value: string): void {
    this.#fieldsOf(side).add(name, value);
  }

  dropField(side: MessageSide, name: string): void {
    this.#fieldsOf(side).drop(name);
  }

  #fieldsOf(side: MessageSide): MessageFields {
    return side === "request" ? this.requestFields : this.responseFields;
  }

  #listAnswer(): HeaderList {
    const head = this.#answerHead;
    return head === undefined ? [] : listFields(head, this.#answerDropped.mask | FieldId.contentLength, this.#answerDropped.names);
  }
}
