import { computed, signal } from "@preact/signals";
import type { ConsoleFrame, Policy } from "../../contract.ts";
import { announce, NOTHING_TOLD } from "../../view/announcement.ts";
import { type Connection, type ConnectionEvent, nextConnection } from "../../view/connection.ts";

/** The newest frame; `null` until the first. */
export const frame = signal<ConsoleFrame | null>(null);
export const snapshot = computed(() => frame.value?.snapshot ?? null);
export const connection = signal<Connection>({ state: "connecting", sinceMs: Date.now() });
/** Browser time, a new value every second. */
export const nowMs = signal(Date.now());
/** The moment picked in the timeline or the charts; `null` for now. */
export const selectedSeconds = signal<number | null>(null);
/** The second under the pointer in any strip. */
export const hoveredSeconds = signal<number | null>(null);
/** Which lane's load balancers are shown; `null` for none. */
export const openLane = signal<Policy | null>(null);
export const openHeldId = signal<string | null>(null);
/** What the last action said. */
export const notice = signal<{ readonly text: string; readonly isError: boolean } | null>(null);
/** For the live region: the last change worth hearing. */
export const announcement = signal("");

let told = NOTHING_TOLD;

export function receiveFrame(next: ConsoleFrame): void {
  frame.value = next;
  const news = announce(told, next.snapshot);
  told = news.told;
  if (news.sentences.length > 0) announcement.value = news.sentences.join(" ");
}

export function receive(event: ConnectionEvent): void {
  connection.value = nextConnection(connection.value, event);
}
