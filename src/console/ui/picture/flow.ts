import { connection } from "../live/store.ts";

/** Five steps a second: a style sheet's animation is drawn sixty times a second, and without a GPU that took a quarter of a core. */
const STEP_MS = 200;
const STEP = 3.2;
/** Distance of two drops in `.flow`, picture.css. */
const PERIOD = 16;

/** Moves the drops in the wires of `root`, unless the reader wants no motion, does not look, or the picture is old. */
export function startFlow(root: HTMLElement): () => void {
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  let offset = 0;
  const handle = setInterval(() => {
    if (still.matches || document.hidden || connection.peek().state !== "live") return;
    offset = (offset + STEP) % PERIOD;
    for (const path of root.querySelectorAll<SVGPathElement>(".flow")) path.style.strokeDashoffset = String(-offset);
  }, STEP_MS);
  return () => clearInterval(handle);
}
