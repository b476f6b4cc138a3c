import type { App } from "../prey/app.ts";

/** It is somebody's turn. */
export interface Attack {
  /** The same for all instances and after a restart. */
  readonly id: string;
  readonly atMs: number;
  /** Whose pods alone; undefined: anybody's. */
  readonly of: Pick<App, "kind" | "key" | "uid"> | undefined;
  readonly kills: KillCount | undefined;
}

/** How many of an application's pods. Shares are rounded down. */
export type KillCount =
  | { readonly mode: "fixed"; readonly count: number }
  | { readonly mode: "all" }
  | { readonly mode: "share"; readonly percent: number }
  | { readonly mode: "up-to-share"; readonly percent: number };
