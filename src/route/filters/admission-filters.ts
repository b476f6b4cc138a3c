import type { Cell } from "../../telemetry/index.ts";
import { type AdmissionOptions, AdmissionWindow } from "../admission-window.ts";
import type { FilterServices } from "../filter-services.ts";
import { type Filter, type FilterContext, type FilterSpec, defineFilter } from "../filter.ts";
import { SHEDDING_MODES, type SheddingMode, SheddingNames, noteShed, shed, tellsOfBackend } from "../shedding.ts";

const NAME = "admissionControl";

/** Rejects some requests while too many fail. Not bound to a proxy it lets everything pass. */
class AdmissionFilter implements Filter {
  readonly #name: string;
  readonly #mode: SheddingMode;
  readonly #options: AdmissionOptions;
  #services: FilterServices | undefined = undefined;
  #window: AdmissionWindow;
  #rejected: Cell | undefined = undefined;

  constructor(name: string, mode: SheddingMode, options: AdmissionOptions) {
    this.#name = name;
    this.#mode = mode;
    this.#options = options;
    this.#window = new AdmissionWindow(options);
  }

  bind(services: FilterServices, routeId: string): void {
    const options = this.#options;
    this.#services = services;
    this.#window = services.keep(`${NAME} ${Object.values(options).join(" ")} of ${routeId}`, () => new AdmissionWindow(options));
    this.#rejected = services.metrics
      .counter("holdfast_filter_admission_rejected_total", "Requests that admissionControl rejected, or would have, by its name.", [
        "name",
        "mode",
      ])
      .with(services.keep(`${NAME} names`, () => new SheddingNames()).label(this.#name), this.#mode === "active" ? "active" : "inactive");
  }

  request(context: FilterContext): void {
    const services = this.#services;
    if (services === undefined) return;
    const window = this.#window;
    const probability = window.rejectProbability(services.clock.monoMs());
    if (probability > 0 && context.random.next() < probability) {
      this.#rejected?.add();
      if (this.#mode === "logInactive") services.log.tell(NAME, context.route.id, { name: this.#name, probability });
      if (this.#mode === "active") {
        shed(context, "too many requests fail");
        return;
      }
    }
    const { state } = context;
    context.onEnd(() => {
      const { responseStatus } = context;
      if (tellsOfBackend({ responseStatus, state })) window.count(responseStatus < 500, services.clock.monoMs());
    });
  }

  response(context: FilterContext): void {
    noteShed(context);
  }
}

/** Filters that keep load off a back end that fails. */
export const admissionFilters: readonly FilterSpec[] = [
  defineFilter({
    name: NAME,
    family: "Load shedding",
    does: "answers a part of the requests with 503 while too many fail: ((total - success / threshold) / (total + 1)) ^ exponent of them, over the last `slots` times `slot`.",
    parameters: [
      { name: "name", type: "text", what: "under which rejections are counted" },
      {
        name: "mode",
        type: "text",
        what: "`active`; `inactive` and `logInactive` reject nothing and count what would have been, which the latter logs",
      },
      { name: "slot", type: "duration", what: "length of a slot of time", range: [1, 3_600_000] },
      { name: "slots", type: "number", what: "how many count", range: [1, 100] },
      { name: "minRPS", type: "number", what: "requests a second under which nothing is rejected", range: [0, 1_000_000] },
      { name: "threshold", type: "number", what: "share of successes from which on nothing is rejected", range: [0.000_001, 1] },
      { name: "maxProbability", type: "number", what: "the most that is rejected, as a share", range: [0.000_001, 1] },
      { name: "exponent", type: "number", what: "1 for a straight line; less for more rejections", range: [0.000_001, 1_000] },
    ],
    deviations: [
      "A failure is a status of 500 and more, also one that the proxy answers itself; a client that leaves is none. Each worker counts for itself. After 1,000 names others count as `other`.",
    ],
    create(args) {
      const mode = SHEDDING_MODES.find((known) => known === args.text(1));
      if (mode === undefined) throw args.refusal(`a mode of ${SHEDDING_MODES.join(", ")}`);
      return new AdmissionFilter(args.text(0), mode, {
        slotMs: args.duration(2),
        slots: Math.trunc(args.number(3)),
        leastRps: args.number(4),
        threshold: args.number(5),
        mostProbability: args.number(6),
        exponent: args.number(7),
      });
    },
  }),
];
