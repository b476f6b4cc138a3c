import { layOutNarrow } from "./narrow-picture.ts";
import type { PictureLayout } from "./picture-plan.ts";
import { layOutWide } from "./wide-picture.ts";

/** Below this many pixels the lanes' parts stand under, not beside, each other. */
export const NARROW_BELOW = 640;

/**
 * Lays the picture out for a pane of `paneWidth` by `paneHeight` pixels. A larger pane enlarges everything together; a
 * narrow one takes the height it needs.
 */
export function layOutPicture(paneWidth: number, paneHeight: number, laneCount: number, nodeCount: number): PictureLayout {
  return paneWidth < NARROW_BELOW
    ? layOutNarrow(Math.max(300, paneWidth), laneCount, nodeCount)
    : layOutWide(paneWidth, paneHeight, laneCount, nodeCount);
}
