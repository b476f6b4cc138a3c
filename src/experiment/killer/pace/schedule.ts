import { AppError, type Clock, messageOf } from "../../../kernel/index.ts";
import type { KubeClient } from "../../../kube/index.ts";
import type { Calendar } from "../calendar/calendar.ts";
import { RecordStore } from "../record/record-store.ts";
import type { SelectionRules } from "../selection/safe.ts";
import { agreedApps } from "../selection/agreed-apps.ts";
import { readWorld } from "../world/read-world.ts";
import { attacksOn, killDay } from "./day-schedule.ts";
import { type Wish, readWish } from "./wishes.ts";

/** Turns of `--pace mtbf` by day. */
export interface DaySchedule {
  readonly days: readonly {
    readonly date: string;
    readonly openMinutes: number;
    /** `at` in the calendar's zone, `app` as in `Deployment shop/cart`. */
    readonly turns: readonly { readonly at: string; readonly app: string }[];
  }[];
  /** What applications ask for and cannot be read. */
  readonly problems: readonly string[];
}

/** What the record's seed says of today and the days after it, for the applications as they are now. Rejects with AppError `CHAOS_RECORD` where there is no record yet. */
export async function scheduleOf(
  rules: { readonly calendar: Calendar; readonly selection: SelectionRules; readonly scope: string | undefined },
  place: { readonly namespace: string; readonly name: string },
  days: number,
  { client, clock }: { readonly client: KubeClient; readonly clock: Clock },
  signal: AbortSignal,
): Promise<DaySchedule> {
  const { calendar, selection, scope } = rules;
  const { record } = await new RecordStore(client, place).load(signal);
  if (record === undefined)
    throw new AppError(
      "CHAOS_RECORD",
      `there is no record ${place.namespace}/${place.name} yet, from which days follow: the first killer that leads makes it`,
    );
  const nowMs = clock.wallMs();
  const problems: string[] = [];
  const apps = agreedApps(await readWorld(client, scope, signal), selection, nowMs).flatMap((app) => {
    try {
      const wish: Wish | undefined = readWish(app);
      return wish === undefined ? [] : [{ app, wish }];
    } catch (error) {
      problems.push(messageOf(error));
      return [];
    }
  });
  const { year, month, day } = calendar.zone.wall(nowMs);
  return {
    days: Array.from({ length: days }, (_, after) => {
      // Noon, which every day has.
      const { date, openMs } = killDay(calendar, calendar.zone.instants(year, month, day + after, 720).first);
      const turns = apps.flatMap(({ app, wish }) =>
        attacksOn({ date, openMs }, app, wish, record.seed).map(({ atMs }) => ({ atMs, app: `${app.kind} ${app.key}` })),
      );
      return {
        date,
        openMinutes: openMs.length,
        turns: turns.toSorted((a, b) => a.atMs - b.atMs).map(({ atMs, app }) => ({ at: calendar.zone.text(atMs), app })),
      };
    }),
    problems,
  };
}
