import { AppError, type Clock, type Random, messageOf } from "../../kernel/index.ts";
import { MetricsRegistry } from "../../telemetry/index.ts";
import { openControlServer } from "./control/control-server.ts";
import { ProxyBook } from "./control/proxy-book.ts";
import { type ProxyInput, readJson, readProxies } from "./control/read-body.ts";
import { ProxyMeter } from "./proxy-meter.ts";

export interface FaultProxyOptions {
  readonly control: { readonly host: string; readonly port: number };
  readonly token: string | undefined;
  /** The address that upstreams see; the machine's choice when left out. */
  readonly from?: string;
  /** Proxies to begin with, in Toxiproxy's form of a configuration. */
  readonly config: { readonly file: string; readonly text: string } | undefined;
  /** Proxies more. */
  readonly proxies?: readonly ProxyInput[];
}

export interface FaultProxy {
  /** Where the control API answers. */
  readonly control: string;
  /** Where a proxy listens, by its name. */
  listenOf(name: string): string;
  close(): Promise<void>;
}

/** Starts the control API and the proxies of the configuration. Rejects with AppError `FAULT_PROXY_CONFIG` or `FAULT_PROXY_LISTEN`, with nothing left listening. */
export async function startFaultProxy(
  options: FaultProxyOptions,
  deps: { readonly clock: Clock; readonly random: Random; readonly report?: (line: string) => void },
): Promise<FaultProxy> {
  const metrics = new MetricsRegistry();
  const book = new ProxyBook({ report: () => {}, ...deps, meter: new ProxyMeter(metrics), from: options.from });
  try {
    const proxies = options.config === undefined ? [] : readProxies(readJson(options.config.text));
    await book.populate([...proxies, ...(options.proxies ?? [])]);
  } catch (error) {
    await book.close();
    throw new AppError("FAULT_PROXY_CONFIG", `${options.config?.file ?? "the fault proxy"}: ${messageOf(error)}`, { cause: error });
  }
  try {
    const control = await openControlServer(book, metrics, { address: options.control, token: options.token });
    return {
      control: control.address,
      listenOf: (name) => book.get(name).listen,
      async close() {
        control.close();
        await book.close();
      },
    };
  } catch (error) {
    await book.close();
    throw error;
  }
}
