/** Leaves SIGTERM and SIGINT to the supervisor, which tells its children what to do and in which order. */
export function ignoreStopSignals(): void {
  process.on("SIGTERM", () => {});
  process.on("SIGINT", () => {});
}
