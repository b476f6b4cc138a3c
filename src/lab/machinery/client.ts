import type { CircuitOptions } from "../../call/index.ts";
import type { Clock, Random } from "../../kernel/index.ts";
import { type KubeClient, createKubeClient } from "../../kube/index.ts";
import type { Log } from "../../telemetry/index.ts";
import type { Fields } from "../control/index.ts";

/** Where a part of the control plane finds the lab's API server, and who it is there. */
export interface ApiAccess {
  readonly server: string;
  readonly token: string;
}

/** Stops calling an API server that fails, but looks again within two seconds: it dies and returns all the time here. */
const LAB_CIRCUIT: CircuitOptions = Object.freeze({
  windowMs: 10_000,
  minimumCalls: 10,
  failureShare: 0.5,
  openMs: 500,
  openCapMs: 2_000,
});

/** Reads the field `api` of a part's configuration. @throws AppError with the code of `fields` */
export function readApiAccess(fields: Fields): ApiAccess {
  const api = fields.object("api");
  const access = {
    server: api.textThat("server", (text) => URL.parse(text)?.protocol === "http:", "an http URL"),
    token: api.text("token"),
  };
  api.end();
  return access;
}

/** The client of one part: it gives up on no outage, and sends no more than `ratePerSecond` requests. */
export function createPartClient(
  options: { readonly api: ApiAccess; readonly userAgent: string; readonly ratePerSecond: number; readonly queueLimit: number },
  deps: { readonly clock: Clock; readonly random: Random; readonly log: Log },
): KubeClient {
  const { api, userAgent, ratePerSecond, queueLimit } = options;
  return createKubeClient(
    {
      cluster: { server: api.server, credentials: { type: "token", token: api.token }, namespace: "default" },
      userAgent,
      caller: { attempts: 2, circuit: LAB_CIRCUIT, rate: { perSecond: ratePerSecond, burst: ratePerSecond, queueLimit } },
    },
    deps,
  );
}
