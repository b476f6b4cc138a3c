import type { ConsoleFrame } from "../../contract.ts";
import { nowMs, receive, receiveFrame } from "./store.ts";

const TICK_MS = 500;
const RETRY_MS = 2000;

/** Opens the stream and keeps it open for as long as the page lives. */
export function follow(): void {
  setInterval(() => {
    nowMs.value = Date.now();
    receive({ type: "tick", atMs: Date.now() });
  }, TICK_MS);
  open();
}

function open(): void {
  const source = new EventSource("/api/events");
  source.addEventListener("frame", (event: MessageEvent<string>) => {
    receiveFrame(JSON.parse(event.data) as ConsoleFrame);
    receive({ type: "frame", atMs: Date.now() });
  });
  source.addEventListener("problem", (event: MessageEvent<string>) => {
    receive({ type: "problem", atMs: Date.now(), message: (JSON.parse(event.data) as { message: string }).message });
  });
  source.addEventListener("error", () => {
    receive({ type: "error", atMs: Date.now() });
    // The browser tries again by itself unless the answer was no stream at all; then it is closed for good.
    if (source.readyState === EventSource.CLOSED) setTimeout(open, RETRY_MS);
  });
}
