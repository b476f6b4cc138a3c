import { useEffect, useRef, useState } from "preact/hooks";
import type { ConsoleSnapshot } from "../../contract.ts";
import { layOutPicture } from "../../view/picture-layout.ts";
import { describePicture } from "../../view/picture-state.ts";
import { timeOfDay } from "../../view/words.ts";
import { startFlow } from "./flow.ts";
import { Picture } from "./picture.tsx";

/** The picture in its pane: measures the pane, lays the picture out for it, and says when its data was taken. */
export function PicturePane({ view }: { readonly view: ConsoleSnapshot }) {
  const pane = useRef<HTMLDivElement>(null);
  const [size, setSize] = useState<{ width: number; height: number } | null>(null);
  useEffect(() => {
    const element = pane.current;
    if (element === null) return undefined;
    const observer = new ResizeObserver(() => setSize({ width: element.clientWidth, height: element.clientHeight }));
    observer.observe(element);
    const stopFlow = startFlow(element);
    return () => {
      observer.disconnect();
      stopFlow();
    };
  }, []);
  const layout = size === null ? null : layOutPicture(size.width, size.height, view.lanes.length, view.nodes.length);
  return (
    <section class="pane picture-pane" aria-labelledby="picture-title">
      <h2 id="picture-title" class="unseen">
        The cluster now
      </h2>
      <div class={`picture-room${layout?.mode === "narrow" ? " is-narrow" : ""}`} ref={pane}>
        {layout === null ? null : <Picture view={view} layout={layout} label={describePicture(view)} />}
      </div>
      <p class="taken">data of {timeOfDay(view.takenAtMs)}</p>
    </section>
  );
}
