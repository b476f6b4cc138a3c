import type { Cell } from "../../telemetry/index.ts";
import type { FilterServices } from "../filter-services.ts";
import { type Filter, type FilterContext, type FilterSpec, defineFilter } from "../filter.ts";
import { PhysicsWindow } from "../physics-window.ts";
import { SHEDDING_MODES, type SheddingMode, SheddingNames, noteShed, shed, tellsOfBackend } from "../shedding.ts";

const NAME = "physicsShedder";
const WINDOW_MS = 5_000;

interface Settings {
  readonly name: string;
  readonly mode: SheddingMode;
  readonly targetMs: number;
  readonly windowMs: number;
}

/** Rejects some requests while they take longer, or fail more often, than they usually do. Not bound to a proxy it lets everything pass. */
class PhysicsFilter implements Filter {
  readonly #settings: Settings;
  #services: FilterServices | undefined = undefined;
  #window: PhysicsWindow;
  #requests: Cell | undefined = undefined;
  #rejected: Cell | undefined = undefined;

  constructor(settings: Settings) {
    this.#settings = settings;
    this.#window = new PhysicsWindow(settings.targetMs, settings.windowMs);
  }

  bind(services: FilterServices, routeId: string): void {
    const { name, mode, targetMs, windowMs } = this.#settings;
    const label = services.keep(`${NAME} names`, () => new SheddingNames()).label(name);
    this.#services = services;
    this.#window = services.keep(`${NAME} ${targetMs} ${windowMs} of ${routeId}`, () => new PhysicsWindow(targetMs, windowMs));
    this.#requests = services.metrics
      .counter("holdfast_filter_physics_requests_total", "Requests that came to physicsShedder, by its name.", ["name"])
      .with(label);
    this.#rejected = services.metrics
      .counter("holdfast_filter_physics_rejected_total", "Requests that physicsShedder rejected, or would have, by its name.", [
        "name",
        "mode",
      ])
      .with(label, mode === "active" ? "active" : "inactive");
  }

  request(context: FilterContext): void {
    const services = this.#services;
    if (services === undefined) return;
    const { clock } = services;
    const window = this.#window;
    const begunMs = clock.monoMs();
    this.#requests?.add();
    if (window.roll(begunMs)) this.#tell(services, context);
    const { probability } = window.found;
    if (probability > 0 && context.random.next() < probability) {
      this.#rejected?.add();
      if (this.#settings.mode === "active") {
        shed(context, "requests take too long, or fail");
        return;
      }
    }
    const { state } = context;
    context.onEnd(() => {
      const { responseStatus } = context;
      const answeredMs = state.get(NAME);
      const endedMs = clock.monoMs();
      const latencyMs = (typeof answeredMs === "number" ? answeredMs : endedMs) - begunMs;
      if (tellsOfBackend({ responseStatus, state })) window.count(latencyMs, responseStatus >= 500, endedMs);
    });
  }

  response(context: FilterContext): void {
    context.state.set(NAME, context.clock.monoMs());
    noteShed(context);
  }

  #tell({ log }: FilterServices, { route }: FilterContext): void {
    if (this.#settings.mode === "logInactive") log.tell(NAME, route.id, { name: this.#settings.name, ...this.#window.found });
  }
}

/** The filter that keeps load off a back end that becomes slow. */
export const physicsFilter: FilterSpec = defineFilter({
  name: NAME,
  family: "Load shedding",
  does: "answers a part of the requests with 503 while they resist more than usual: resistance is the mean latency of the window in targets, and 5 times the share of failures. Over the running mean and 3 standard deviations of it, (resistance - threshold) / resistance of the requests are rejected, at most 0.95; none in the first 5 s.",
  parameters: [
    { name: "name", type: "text", what: "under which requests are counted, not empty" },
    {
      name: "mode",
      type: "text",
      what: "`active`; `inactive` and `logInactive` reject nothing and count what would have been; the latter logs what it finds",
    },
    { name: "target", type: "duration", what: "latency that is expected", range: [1, 3_600_000] },
    { name: "window", type: "duration", what: "of time that counts; left out: 5 s", occurs: "optional", range: [200, 60_000] },
  ],
  deviations: [
    "Each worker counts for itself. Resistance, mean and threshold are no metrics, as those of several workers have no sum; `logInactive` logs them.",
    "A tick of 100 ms is worked out with the request behind it.",
  ],
  create(args) {
    const mode = SHEDDING_MODES.find((known) => known === args.text(1));
    if (mode === undefined) throw args.refusal(`a mode of ${SHEDDING_MODES.join(", ")}`);
    const name = args.text(0);
    if (name === "") throw args.refusal("a name that is not empty");
    return new PhysicsFilter({ name, mode, targetMs: args.duration(2), windowMs: args.length > 3 ? args.duration(3) : WINDOW_MS });
  },
});
