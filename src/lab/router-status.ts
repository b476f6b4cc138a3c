/** What the lab reads of a router's GET /statusz (docs/reference/admin.md). */
export interface RouterStatus {
  readonly generation: number | null;
  readonly source: "live" | "restored" | "stale" | null;
  readonly routes: number;
  readonly held: number;
  readonly ageSeconds: number | null;
  readonly sources: Readonly<Record<string, { readonly state: string; readonly ageSeconds: number | null }>>;
  readonly workerPids: readonly number[];
  readonly controlPid: number | null;
  readonly supervisorPid: number | null;
  readonly ready: boolean;
}
