import type { Bench } from "../kit/bench.ts";
import { type TestController, startController } from "../kit/controller.ts";
import { type Link, type LinkOptions, openLink } from "../kit/link.ts";
import { ProcessClock } from "../kit/process-clock.ts";

/** Turns of the event loop in which an answer that was let through is read. */
const READ_TURNS = 20;

/** A controller that can be killed. */
export class Mortal {
  readonly #bench: Bench;
  readonly #clock: ProcessClock;
  readonly #links: Link[] = [];
  #controller: TestController | undefined;

  constructor(bench: Bench) {
    this.#bench = bench;
    this.#clock = new ProcessClock(bench.clock);
  }

  /** `clusterUrl`: a way to the API server that is not the straight one. */
  async start(identity: string, leaseSeconds: number, watching: LinkOptions, clusterUrl?: string): Promise<void> {
    const { account, cluster } = this.#bench;
    const [aws, kube] = [await openLink(account.endpoint, watching), await openLink(clusterUrl ?? cluster.url, watching)];
    this.#links.push(aws, kube);
    this.#controller = await startController(this.#bench, {
      awsUrl: aws.url,
      clusterUrl: kube.url,
      identity,
      leaseSeconds,
      processClock: this.#clock,
    });
  }

  /** Undefined until it is started. */
  get adminPort(): number | undefined {
    return this.#controller?.running.adminPort;
  }

  /** From this moment nothing that it sends gets out, nothing comes in, and no timer of it fires: nothing is saved, and nothing given back. */
  kill(): void {
    this.#clock.stop();
    for (const link of this.#links) link.cut();
  }

  /** From this moment nothing that it sends gets out; what was done for it is still read, then it is dead. */
  killWhenRead(): void {
    for (const link of this.#links) link.mute();
    let turns = 0;
    const next = (): void => {
      if (turns++ < READ_TURNS) setImmediate(next);
      else this.kill();
    };
    next();
  }

  /** Closes it, or what is left of it. */
  async close(): Promise<void> {
    this.#clock.goOn();
    await this.#controller?.stop();
    for (const link of this.#links) await link.close();
  }
}
