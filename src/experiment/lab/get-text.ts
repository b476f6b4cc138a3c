import { messageOf } from "../../kernel/index.ts";
import { ActivityFailed } from "../provider/activity-failed.ts";

/** Rejects with {@link ActivityFailed}. */
export async function getText(url: string, signal: AbortSignal): Promise<string> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(5000)]) });
    const text = await answer.text();
    if (answer.ok) return text;
    throw new ActivityFailed(`${url} answered ${answer.status}`);
  } catch (error) {
    if (error instanceof ActivityFailed) throw error;
    throw new ActivityFailed(`${url}: ${messageOf(error)}`);
  }
}
