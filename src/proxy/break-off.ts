import type { Socket } from "node:net";

/**
 * Closes a plain socket so that its peer sees a break and no end. Behind an end of its own Node can not reset (EINVAL), and would keep the
 * socket for ever; everything is with the kernel by then.
 */
export function breakOff(socket: Socket): void {
  if (socket.writableEnded && socket.writableLength === 0) socket.destroy();
  else socket.resetAndDestroy();
}
