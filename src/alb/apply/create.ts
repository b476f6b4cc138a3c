import type { Clock } from "../../kernel/index.ts";
import type { Ownership } from "../plan/ownership.ts";
import { type ReadBackTimes, assertOurs, mayBeDone, readBack } from "./read-back.ts";

type Tags = ReadonlyMap<string, string>;

/** How one thing is made, found again, and known as ours. */
export interface Creation<T> {
  /** For messages: `load balancer hf-…`. */
  readonly what: string;
  create(): Promise<T>;
  /** What there is by its name, ours or not. */
  find(): Promise<T | undefined>;
  tags(made: T): Promise<Tags>;
}

export interface Made<T> {
  readonly made: T;
  /** It was there already, or was made by a call whose answer was lost. */
  readonly adopted: boolean;
}

/**
 * Makes something, or adopts what an earlier call of ours made whose answer was lost. Nothing is used before its own tags said that it is ours: an
 * equal call answers with what is there, whoever made it. Throws AppError `ALB_NOT_OURS`, `ALB_NO_EFFECT`, or what AWS said.
 */
export async function makeOrAdopt<T>(
  { what, create, find, tags }: Creation<T>,
  {
    name,
    ownership,
    clock,
    times,
  }: { readonly name: string; readonly ownership: Ownership; readonly clock: Clock; readonly times: ReadBackTimes },
): Promise<Made<T>> {
  const { made, adopted } = await createOrFind({ create, find });
  await readBack(
    what,
    async () => {
      assertOurs(what, await tags(made), ownership, name);
      return undefined;
    },
    clock,
    times,
  );
  return { made, adopted };
}

async function createOrFind<T>({ create, find }: Pick<Creation<T>, "create" | "find">): Promise<Made<T>> {
  try {
    return { made: await create(), adopted: false };
  } catch (error) {
    if (!mayBeDone(error)) throw error;
    const made = await find();
    if (made === undefined) throw error;
    return { made, adopted: true };
  }
}
