import type { RequestTarget } from "../wire/index.ts";
import type { RequestCopy } from "../route/index.ts";
import type { CopySource } from "./copy-source.ts";
import { RequestContext } from "./request-context.ts";

/** A copy of a request on its way through the routes. It is its client's, and its fields are forwarded as filters have left them. */
export class CopyContext extends RequestContext {
  override readonly teeLabel: string;
  readonly #source: CopySource;
  readonly #fields: RequestCopy["fields"];

  constructor(
    parts: ConstructorParameters<typeof RequestContext>,
    { label, fields }: RequestCopy & { readonly label: string },
    source: CopySource,
  ) {
    super(...parts);
    this.teeLabel = label;
    this.#source = source;
    this.#fields = fields;
  }

  override begin(target: RequestTarget): boolean {
    if (!super.begin(target)) return false;
    this.requestFields.replace([...this.#fields]);
    return true;
  }

  override get forwardedFor(): string | undefined {
    return this.#source.forwardedFor;
  }

  override get copySource(): CopySource {
    return { ...super.copySource, looped: this.#source.looped };
  }
}
