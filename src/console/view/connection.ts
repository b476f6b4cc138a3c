/** Whether the page still hears its server. Times are the browser's own, Unix milliseconds. */
export type Connection =
  | { readonly state: "connecting"; readonly sinceMs: number }
  | { readonly state: "live"; readonly lastFrameMs: number }
  | { readonly state: "lost"; readonly sinceMs: number; readonly reason: string };

export type ConnectionEvent =
  | { readonly type: "frame"; readonly atMs: number }
  | { readonly type: "error"; readonly atMs: number }
  | { readonly type: "problem"; readonly atMs: number; readonly message: string }
  | { readonly type: "tick"; readonly atMs: number };

/** Frames come every quarter of a second; so long without one, and nobody should believe the page. */
export const SILENCE_LIMIT_MS = 2000;

/** `sinceMs` of a lost connection is the last frame, not the moment it was noticed: since then the page is wrong. */
export function nextConnection(current: Connection, event: ConnectionEvent): Connection {
  switch (event.type) {
    case "frame":
      return { state: "live", lastFrameMs: event.atMs };
    case "error":
      return lose(current, event.atMs, "the server does not answer");
    case "problem":
      return lose(current, event.atMs, event.message);
    case "tick": {
      const isSilent = current.state === "live" && event.atMs - current.lastFrameMs > SILENCE_LIMIT_MS;
      return isSilent ? lose(current, event.atMs, "the server sends nothing") : current;
    }
    default:
      return event satisfies never;
  }
}

function lose(current: Connection, atMs: number, reason: string): Connection {
  if (current.state === "lost") return current.reason === reason ? current : { ...current, reason };
  return { state: "lost", sinceMs: current.state === "live" ? current.lastFrameMs : Math.min(atMs, current.sinceMs), reason };
}
