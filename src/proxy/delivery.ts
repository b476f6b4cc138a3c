import { type BodyFraming, FieldId, Framing, type MessageHead, type WireFault } from "../wire/index.ts";
import type { EndpointState } from "../balance/index.ts";
import { type EndpointLimit, type ExchangeWishes, getHeader } from "../route/index.ts";
import type { Answer } from "./answer.ts";
import { Attempts } from "./attempts.ts";
import type { Downstream } from "./downstream.ts";
import type { Engine } from "./engine.ts";
import type { ExchangeRecord } from "./exchange-record.ts";
import type { ProxyFailure } from "./failure.ts";
import { interimText, requestHeadText, responseDropped, responseHeadText } from "./message-heads.ts";
import type { RequestBody } from "./request-body.ts";
import type { RequestContext } from "./request-context.ts";
import { isContentOdd } from "./sendable.ts";
import type { Target } from "./target.ts";
import type { ResponseReceiver, Upstream } from "./upstream.ts";

const Phase = { none: 0, connecting: 1, sent: 2, answering: 3, tunnel: 4 } as const;

/** What a delivery tells its exchange. */
export interface DeliveryOwner {
  fail(failure: ProxyFailure, detail: WireFault | undefined): void;
  /** No endpoint may get the request, by a limit of the route. */
  onEndpointLimited(status: number): void;
  /** The endpoint broke the tunnel. */
  onTunnelLost(): void;
}

/** The parts of an exchange that a delivery works with. */
export interface DeliveryParts {
  readonly engine: Engine;
  readonly client: Downstream;
  readonly context: RequestContext;
  readonly head: MessageHead;
  readonly body: RequestBody;
  readonly answer: Answer;
  readonly record: ExchangeRecord;
}

/**
 * The endpoint's side of one exchange after another: an endpoint is chosen and connected to, gets the request, is tried again or another
 * one is; what it answers goes on to the answer, or through a tunnel.
 */
export class Delivery implements ResponseReceiver {
  readonly attempts: Attempts;
  readonly #engine: Engine;
  readonly #client: Downstream;
  readonly #context: RequestContext;
  readonly #head: MessageHead;
  readonly #body: RequestBody;
  readonly #answer: Answer;
  readonly #record: ExchangeRecord;
  readonly #owner: DeliveryOwner;
  #phase: number = Phase.none;
  #target: Target | undefined = undefined;
  #upgrade = "";
  /** Whether the chosen endpoint may get the request: that is being asked. */
  #asking: Promise<boolean> | undefined = undefined;
  /** The Host that an endpoint tried before got as its own. */
  #hostGiven = "";
  /** The endpoint that has the request, or is to get it. */
  upstream: Upstream | undefined = undefined;

  constructor({ engine, client, context, head, body, answer, record }: DeliveryParts, owner: DeliveryOwner) {
    this.attempts = new Attempts(engine, context);
    this.#engine = engine;
    this.#client = client;
    this.#context = context;
    this.#head = head;
    this.#body = body;
    this.#answer = answer;
    this.#record = record;
    this.#owner = owner;
  }

  /** Forgets the request before. */
  reset(): void {
    this.#phase = Phase.none;
    this.#upgrade = "";
    this.#hostGiven = "";
    this.attempts.reset();
  }

  /** Whether an endpoint has the request, or one was chosen for it. */
  get isUnderWay(): boolean {
    return this.upstream !== undefined || this.#asking !== undefined;
  }

  get isTunnel(): boolean {
    return this.#phase === Phase.tunnel;
  }

  /** Sends the request to an endpoint of this target. `upgrade`: the protocol that it may switch to, empty for none. */
  begin(target: Target | undefined, upgrade: string): void {
    this.#target = target;
    this.#upgrade = upgrade;
    this.#engine.budget.earn();
    this.#dispatch();
  }

  /** Lets go of the endpoint; a connection in the middle of something is closed. Idempotent. */
  cut(): void {
    const upstream = this.upstream;
    this.upstream = undefined;
    this.#asking = undefined;
    upstream?.destroy();
    this.attempts.abandon();
  }

  onTunnelRequest(buffer: Buffer, start: number, end: number): void {
    const upstream = this.upstream;
    if (upstream === undefined) return;
    upstream.writeTunnel(buffer, start, end);
    if (upstream.isBlocked) this.#client.pause();
  }

  /** The client has ended its side of the tunnel. */
  onTunnelRequestEnd(): void {
    this.upstream?.endTunnel();
  }

  /** Both sides of the tunnel have ended, and the client has got everything. */
  onTunnelClosed(): void {
    const upstream = this.upstream;
    this.upstream = undefined;
    this.attempts.free();
    upstream?.leaveTunnel();
  }

  onConnected(): void {
    this.#send();
  }

  onInterim(head: MessageHead): void {
    if (this.#client.takesInterim) this.#client.writeInterim(interimText(head));
  }

  onUpgraded(head: MessageHead): void {
    const protocol = head.valueOf(FieldId.upgrade)?.toLowerCase();
    if (this.#upgrade === "" || protocol !== this.#upgrade) {
      this.#owner.fail("PROXY_UPGRADE", undefined);
      return;
    }
    this.#record.status = 101;
    this.#record.answered(101);
    this.attempts.answered(101);
    this.#phase = Phase.tunnel;
    this.#client.startTunnel(responseHeadText(head, responseDropped(head, Framing.none, this.#context.method)), protocol);
  }

  onResponseHead(head: MessageHead, framing: BodyFraming): void {
    this.#record.answered(head.status);
    this.attempts.answered(head.status);
    this.#phase = Phase.answering;
    this.#body.forget();
    this.#answer.begin(head, framing);
  }

  onResponseData(buffer: Buffer, start: number, end: number): void {
    this.#answer.onData(buffer, start, end);
  }

  onResponseEnd(trailer: MessageHead | undefined): void {
    const upstream = this.upstream;
    this.upstream = undefined;
    this.attempts.free();
    // The rest of the request would be taken for the next one.
    if (!this.#body.isSent) upstream?.destroy();
    this.#answer.onEnd(trailer);
  }

  onTunnelData(buffer: Buffer, start: number, end: number): void {
    this.#client.writeTunnel(buffer, start, end);
    if (this.#client.isBlocked) this.upstream?.pause();
  }

  onTunnelEnd(): void {
    this.#client.endTunnel();
  }

  onRequestBlocked(): void {
    this.#body.onEndpointBlocked();
  }

  onRequestDrained(): void {
    this.#body.onEndpointDrained();
  }

  onLost(failure: ProxyFailure, detail: WireFault | undefined): void {
    const upstream = this.upstream;
    this.upstream = undefined;
    this.attempts.free();
    if (this.#phase === Phase.tunnel) {
      this.#owner.onTunnelLost();
      return;
    }
    this.#record.trace?.lost(failure);
    const mayRetry = this.attempts.lost({
      failure,
      method: this.#context.method,
      wasSent: this.#phase >= Phase.sent,
      hasAnswered: upstream?.hasAnswered === true,
      isBodyUsed: this.#body.isUsedUp,
      wasReused: upstream?.wasReused === true,
    });
    if (!mayRetry) {
      this.#owner.fail(failure, detail);
      return;
    }
    if (!this.#body.isWhole) this.#client.holdBody();
    this.#dispatch();
  }

  /** Where filters want another Host than the client's, and did not set it themselves. */
  #setHost({ preserveHost, isBackendProxy }: ExchangeWishes, endpoint: EndpointState): void {
    if (preserveHost && !isBackendProxy) return;
    const { authority, requestHeaders } = this.#context;
    const sent = getHeader(requestHeaders, "host") ?? "";
    if (isBackendProxy) {
      if (authority !== "" && sent !== authority) this.#context.setField("request", "Host", authority);
    } else if (sent === authority || sent === this.#hostGiven) {
      this.#hostGiven = hostOf(endpoint);
      this.#context.setField("request", "Host", this.#hostGiven);
    }
  }

  #dispatch(): void {
    const target = this.#target;
    if (target === undefined || !this.attempts.choose(target)) {
      this.#owner.fail(this.attempts.failure, undefined);
      return;
    }
    if (target.endpointLimit === undefined) this.#connect();
    else this.#ask(target.endpointLimit);
  }

  #ask(limit: EndpointLimit): void {
    const isAdmitted = limit.admit(this.attempts.endpoint?.authority ?? "");
    if (typeof isAdmitted === "boolean") {
      this.#admit(limit, isAdmitted);
      return;
    }
    this.#asking = isAdmitted;
    void isAdmitted.then((is) => {
      if (this.#asking !== isAdmitted) return;
      this.#asking = undefined;
      this.#admit(limit, is);
    });
  }

  #admit({ status }: EndpointLimit, isAdmitted: boolean): void {
    if (isAdmitted) this.#connect();
    else this.#owner.onEndpointLimited(status);
  }

  #connect(): void {
    this.#record.trace?.attempt(this.attempts.endpoint?.authority ?? "");
    const upstream = this.attempts.connect();
    if (upstream === undefined) return;
    this.upstream = upstream;
    this.#phase = Phase.connecting;
    upstream.assign(this);
    if (upstream.isConnected) this.#send();
    else this.#record.connecting();
  }

  #send(): void {
    const upstream = this.upstream;
    const endpoint = this.attempts.endpoint;
    if (upstream === undefined || endpoint === undefined) return;
    const { framing } = this.#body;
    const { method, wishesSet: wishes } = this.#context;
    if (wishes !== undefined) this.#setHost(wishes, endpoint);
    const text = requestHeadText(this.#head, framing, this.#context, this.#upgrade, endpoint.authority);
    if (text === undefined) {
      this.#owner.fail("PROXY_FILTER", undefined);
      return;
    }
    this.#phase = Phase.sent;
    this.#record.sent();
    upstream.begin(method, text, framing.framing, isContentOdd(method, framing.framing));
    this.#body.send(upstream);
  }
}

/** Host and port of an endpoint as clients write them: without the port that the scheme has anyway. */
function hostOf({ authority, isTls }: EndpointState): string {
  return authority.endsWith(isTls ? ":443" : ":80") ? authority.slice(0, authority.lastIndexOf(":")) : authority;
}
