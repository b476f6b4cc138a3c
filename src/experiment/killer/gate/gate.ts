/** Something that has to be well before anybody is killed. */
export interface Gate {
  /** For people: `the steady state`. */
  readonly name: string;
  /** Why nobody may be killed; undefined when it is well. Rejects when it cannot be told: then nobody may be killed either. */
  check(signal: AbortSignal): Promise<string | undefined>;
}
