import type { CallArguments } from "../../route/index.ts";
import type { AuthRuntime } from "../runtime.ts";

const SECRET_REF = "secretRef:";

/** The pairs `key, value, …` from `from` on. */
export function keyValues(args: CallArguments, from: number): readonly (readonly [key: string, value: string])[] {
  const texts = args.texts(from);
  return texts.flatMap((key, at) => (at % 2 === 0 ? [[key, texts[at + 1] ?? ""] as const] : []));
}

/** What a route writes in place of a secret: the secret itself, or `secretRef:` and the path of its file. Undefined when it cannot be had. */
export function resolveSecret(runtime: AuthRuntime, text: string): string | undefined {
  return text.startsWith(SECRET_REF) ? runtime.secret(text.slice(SECRET_REF.length)).content : text;
}
