import type { ConsoleSnapshot, LaneView } from "../../contract.ts";
import { latencyTop, pointAt, shadedSpans, timeWindow } from "../../view/proof-data.ts";
import { count, countOf, latency, scenarioTime, share, timeOfDay } from "../../view/words.ts";
import { hoveredSeconds, selectedSeconds } from "../live/store.ts";
import { StripView } from "./strip-view.tsx";

/** The two numbers that matter, and how they came about. */
export function Proof({ view }: { readonly view: ConsoleSnapshot }) {
  // Whole seconds, as the series has them: the strips are drawn once a second and not with every frame.
  const nowSeconds = Math.ceil(view.scenario.tSeconds);
  const window = timeWindow(nowSeconds);
  const scene = {
    window,
    spans: shadedSpans(view.faults, nowSeconds, window[0]),
    selected: selectedSeconds.value,
    latencyTop: latencyTop(view.lanes, window[0]),
  };
  return (
    <section class="pane proof" aria-labelledby="proof-title">
      <h2 id="proof-title" class="unseen">
        The proof
      </h2>
      <div class="figures">
        {view.lanes.map((lane) => (
          <Figure key={lane.policy} lane={lane} />
        ))}
      </div>
      {view.scenario.verdict === null ? null : (
        <p class={`sentence is-${view.scenario.verdict.outcome}`} data-testid="verdict-sentence">
          {view.scenario.verdict.sentence}
        </p>
      )}
      <div class="strips" id="charts" tabIndex={-1}>
        {view.lanes.map((lane, index) => (
          <div class="strip-group" key={lane.policy}>
            <StripHead lane={lane} />
            <StripView lane={lane} kind="success" scene={scene} hasTimeAxis={false} hasFaultLabels={index === 0} />
            <StripView lane={lane} kind="latency" scene={scene} hasTimeAxis={index === view.lanes.length - 1} hasFaultLabels={false} />
          </div>
        ))}
      </div>
      <p class="taken">
        {selectedSeconds.value === null ? null : (
          <button type="button" class="plain-button" onClick={() => (selectedSeconds.value = null)}>
            {scenarioTime(selectedSeconds.value)} marked; back to now
          </button>
        )}
        data of {timeOfDay(view.takenAtMs)}
      </p>
    </section>
  );
}

function Figure({ lane }: { readonly lane: LaneView }) {
  const { totals } = lane;
  const isBad = totals.failed > 0 || totals.wrongApplication > 0;
  return (
    <div class={`figure ${isBad ? "is-alarm" : "is-good"}`}>
      <p class="figure-label">
        {lane.label} <span class="figure-unit">failed requests</span>
      </p>
      <p class="figure-number">
        <span class="figure-mark" aria-hidden="true">
          {isBad ? "▲" : "●"}
        </span>
        <span data-testid={`failed-${lane.policy}`}>{count(totals.failed)}</span>
      </p>
      <p class="figure-note">
        of {count(totals.sent)} sent
        {totals.outageSeconds > 0 ? `, ${Math.round(totals.outageSeconds)} s outage` : ", no outage"}
        {totals.wrongApplication > 0 ? `, ${count(totals.wrongApplication)} from the wrong application` : ""}
        {totals.lostInFlight > 0 ? `, ${countOf(totals.lostInFlight, "request")} cut by kill -9` : ""}
      </p>
    </div>
  );
}

function StripHead({ lane }: { readonly lane: LaneView }) {
  const at = hoveredSeconds.value ?? selectedSeconds.value;
  const point = pointAt(lane.series, at);
  return (
    <p class="strip-head">
      <strong>{lane.label}</strong>
      {point === null ? (
        <span>draws its first second when the first answers are in</span>
      ) : (
        <>
          <span class="strip-moment">{at === null ? "now" : scenarioTime(point.tSeconds)}</span>
          <span>
            right <b class={point.failed > 0 ? "is-alarm" : "is-good"}>{share(point.right, point.failed)}</b>
          </span>
          <span class="key is-solid">
            p50 <b>{latency(point.p50Ms)}</b>
          </span>
          <span class="key is-dashed">
            p99 <b>{latency(point.p99Ms)}</b>
          </span>
        </>
      )}
    </p>
  );
}
