import { AppError } from "../kernel/index.ts";
import { AnswerFields } from "./answer-fields.ts";
import type { AwsCalls } from "./calls.ts";
import type { Effect } from "./governor.ts";
import { allPages } from "./pages.ts";

interface SendOptions {
  readonly abortSignal: AbortSignal;
}

/** How a list is answered page by page. */
export interface Paging<T> {
  readonly entries: string;
  readonly read: (entry: AnswerFields) => T;
  readonly keyOf: (entry: T) => string;
  /** The token of the next page; undefined on the last. */
  readonly next: (answer: AnswerFields) => string | undefined;
}

/**
 * One service of AWS. Its client is loaded when it is called for the first time: EC2's takes 65 MB and a quarter of a second (measured with
 * 3.1141). Every call goes through the governor and answers fields that are looked at, or rejects with AppError `AWS_…`.
 */
export class Service<Client extends { destroy(): void }> {
  readonly #name: string;
  readonly #calls: AwsCalls;
  readonly #load: () => Promise<Client>;
  #client: Promise<Client> | undefined;

  /** `name` as IAM's actions have it: `elasticloadbalancing`. */
  constructor(name: string, calls: AwsCalls, load: () => Promise<Client>) {
    this.#name = name;
    this.#calls = calls;
    this.#load = load;
  }

  /** `read` makes of an answer what it says, or throws: then it counts as no answer, and the call is made again. */
  async call<T = void>(
    action: string,
    effect: Effect,
    send: (client: Client, options: SendOptions) => Promise<object>,
    read: (answer: AnswerFields) => T = () => undefined as T,
  ): Promise<T> {
    this.#client ??= this.#load();
    const client = await this.#client;
    return this.#calls.make(this.#name, action, effect, async (abortSignal) =>
      read(new AnswerFields(await send(client, { abortSignal }), action)),
    );
  }

  /** All entries of all pages; what is not whole is an error. */
  async list<T>(
    action: string,
    { entries, read, keyOf, next }: Paging<T>,
    send: (client: Client, token: string | undefined, options: SendOptions) => Promise<object>,
  ): Promise<readonly T[]> {
    const pages = (): Promise<readonly T[]> =>
      allPages(action, keyOf, (token) =>
        this.call(
          action,
          "read",
          (client, options) => send(client, token, options),
          (answer) => ({ entries: answer.list(entries, read), next: next(answer) }),
        ),
      );
    try {
      return await this.#counted(action, pages);
    } catch (error) {
      // Something made or deleted meanwhile can shift the pages.
      if (error instanceof AppError && error.code === "AWS_PAGES") return this.#counted(action, pages);
      throw error;
    }
  }

  async #counted<T>(action: string, pages: () => Promise<T>): Promise<T> {
    try {
      return await pages();
    } catch (error) {
      if (error instanceof AppError && error.code === "AWS_PAGES") this.#calls.notBelieved(this.#name, action, error);
      throw error;
    }
  }

  close(): void {
    void this.#client?.then(
      (client) => client.destroy(),
      () => undefined,
    );
  }
}

/** The token that stands in a field; an empty one is none. */
export function tokenIn(field: string): (answer: AnswerFields) => string | undefined {
  return (answer) => {
    const token = answer.textOrEmpty(field);
    return token === "" ? undefined : token;
  };
}

/** A list in parts of at most `size`. */
export function parts<T>(all: readonly T[], size: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, at) => all.slice(at * size, (at + 1) * size));
}
