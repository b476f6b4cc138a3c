import type { Cell } from "../../telemetry/index.ts";
import { type AdmissionOptions, AdmissionWindow } from "../admission-window.ts";
import type { FilterServices } from "../filter-services.ts";
import { type Filter, type FilterContext, type FilterSpec, defineFilter } from "../filter.ts";
import { getHeader } from "../header-list.ts";

const NAME = "admissionControl";
const FIELD = "Admission-Control";
const MODES = ["active", "inactive", "logInactive"] as const;
/** A name is a label of a metric, which is never forgotten. */
const MOST_NAMES = 1_000;

/** The names in use, for their number. */
class Names {
  readonly usedMs = Infinity;
  readonly #names = new Set<string>();

  label(name: string): string {
    if (this.#names.size < MOST_NAMES) this.#names.add(name);
    return this.#names.has(name) ? name : "other";
  }
}

/** Rejects some requests while too many fail. Not bound to a proxy it lets everything pass. */
class AdmissionFilter implements Filter {
  readonly #name: string;
  readonly #isActive: boolean;
  readonly #options: AdmissionOptions;
  #services: FilterServices | undefined = undefined;
  #window: AdmissionWindow;
  #rejected: Cell | undefined = undefined;

  constructor(name: string, isActive: boolean, options: AdmissionOptions) {
    this.#name = name;
    this.#isActive = isActive;
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
      .with(services.keep(`${NAME} names`, () => new Names()).label(this.#name), this.#isActive ? "active" : "inactive");
  }

  request(context: FilterContext): void {
    const services = this.#services;
    if (services === undefined) return;
    const window = this.#window;
    const probability = window.rejectProbability(services.clock.monoMs());
    if (probability > 0 && context.random.next() < probability) {
      this.#rejected?.add();
      if (this.#isActive) {
        context.respond(
          503,
          [FIELD, "true", "Content-Type", "text/plain; charset=utf-8"],
          Buffer.from("503 Service Unavailable: too many requests fail\n"),
        );
        return;
      }
    }
    context.onEnd(() => {
      const { responseStatus: status } = context;
      // A client that left says nothing; what another of these filters rejected was not the back end.
      if (status === 499 || context.state.get(NAME) === "rejected") return;
      window.count(status < 500, services.clock.monoMs());
    });
  }

  response(context: FilterContext): void {
    if (getHeader(context.responseHeaders, FIELD) !== undefined) context.state.set(NAME, "rejected");
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
      { name: "mode", type: "text", what: "`active`; `inactive` and `logInactive` reject nothing and count what would have been" },
      { name: "slot", type: "duration", what: "length of a slot of time", range: [1, 3_600_000] },
      { name: "slots", type: "number", what: "how many count", range: [1, 100] },
      { name: "minRPS", type: "number", what: "requests a second under which nothing is rejected", range: [0, 1_000_000] },
      { name: "threshold", type: "number", what: "share of successes from which on nothing is rejected", range: [0.000_001, 1] },
      { name: "maxProbability", type: "number", what: "the most that is rejected, as a share", range: [0.000_001, 1] },
      { name: "exponent", type: "number", what: "1 for a straight line; less for more rejections", range: [0.000_001, 1_000] },
    ],
    deviations: [
      "A failure is a status of 500 and more, also one that the proxy answers itself; a client that leaves is none. Each worker counts for itself. After 1,000 names others count as `other`.",
      "`logInactive` does not log.",
    ],
    create(args) {
      const mode = MODES.find((known) => known === args.text(1));
      if (mode === undefined) throw args.refusal(`a mode of ${MODES.join(", ")}`);
      return new AdmissionFilter(args.text(0), mode === "active", {
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
