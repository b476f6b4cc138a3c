import { announcement, connection, nowMs, snapshot } from "./live/store.ts";
import { age, timeOfDay } from "../view/words.ts";
import { BreakPanel } from "./panels/break-panel.tsx";
import { ExperimentStrip } from "./panels/experiment-strip.tsx";
import { HeldDrawer } from "./panels/held-drawer.tsx";
import { LoadBalancerDrawer } from "./panels/load-balancer-drawer.tsx";
import { RoutesPanel } from "./panels/routes-panel.tsx";
import { TimelinePanel } from "./panels/timeline-panel.tsx";
import { PicturePane } from "./picture/picture-pane.tsx";
import { Proof } from "./proof/proof.tsx";
import { TopBar } from "./top-bar.tsx";

export function App() {
  const view = snapshot.value;
  const isLost = connection.value.state === "lost";
  return (
    <div class={isLost ? "page is-lost" : "page"} data-testid="page" data-connection={connection.value.state}>
      <TopBar />
      <Lost />
      <ExperimentStrip />
      {view === null ? (
        <main class="empty-page">
          <p class="empty">The picture, the charts and the routes appear with the first data, within a second of the server's answer.</p>
        </main>
      ) : (
        <main class="grid">
          <PicturePane view={view} />
          <Proof view={view} />
          <RoutesPanel view={view} />
          <TimelinePanel view={view} />
          <BreakPanel view={view} />
        </main>
      )}
      <LoadBalancerDrawer />
      <HeldDrawer />
      <p class="unseen" role="status" aria-live="polite" data-testid="announcement">
        {announcement.value}
      </p>
    </div>
  );
}

/** What is seen of a server that went away: nothing on the page is true any more, and since when. */
function Lost() {
  const state = connection.value;
  if (state.state !== "lost") return null;
  return (
    <p class="lost" role="alert" data-testid="connection-lost">
      <strong>Connection lost at {timeOfDay(state.sinceMs)}</strong>, {age((nowMs.value - state.sinceMs) / 1000)} ago: {state.reason}. What
      you see is from then; it comes back by itself.
    </p>
  );
}
