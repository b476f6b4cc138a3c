/** What the process answers its caller with; a contract (docs/reference/cli.md). */
export const ExitCode = {
  ok: 0,
  /** The hypothesis did not hold, or what was asked could not be done. */
  failed: 1,
  /** Bad usage or bad input: one line says what, where, and how to mend it. */
  badInput: 2,
  /** Not enough was seen to say. */
  inconclusive: 3,
  notReverted: 4,
  halted: 6,
} as const;
