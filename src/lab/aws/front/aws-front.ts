import { randomUUID } from "node:crypto";
import { type Clock, assertNever } from "../../../kernel/index.ts";
import type { Fault, FaultScript } from "../faults/fault.ts";
import { spoiled, tokenNamesOf } from "../faults/spoiled-answer.ts";
import { AwsError } from "../wire/aws-error.ts";
import { violationOf } from "../wire/constraints.ts";
import { type AccessKey, type SignedRequest, type Signer, checkSignature, scopeOf } from "../wire/signature.ts";
import type { ActionCall, AwsService } from "../world/actions.ts";
import type { WorldStore } from "../world/world-store.ts";
import { type WireAnswer, answerOf, errorAnswerOf, readRequest } from "./dialect.ts";
import type { TokenBuckets } from "./token-buckets.ts";

/** What becomes of a connection on which a request came. */
export type Outcome =
  | ({ readonly type: "answer" } & WireAnswer)
  /** Closed with RST. */
  | { readonly type: "reset" }
  /** Nothing is said until the client gives up. */
  | { readonly type: "hang" };

export interface AwsFrontDeps {
  readonly account: string;
  readonly clock: Clock;
  readonly store: WorldStore;
  readonly services: readonly AwsService[];
  /** Long-lived keys; temporary ones are in the world, where STS puts them. */
  readonly keyOf: (id: string) => AccessKey | undefined;
  /** By the service in the scope. */
  readonly buckets: ReadonlyMap<string, TokenBuckets>;
  readonly faults: FaultScript;
  /** How old what reads answer is. */
  readonly apiDelayMs: number;
  /** Told of each call; the proof of what was asked and done. */
  readonly onCall?: (call: CallRecord) => void;
}

/** One call as it went. */
export interface CallRecord {
  readonly service: string;
  readonly action: string;
  readonly fault: Fault["kind"] | undefined;
  /** AWS's code, or undefined when it was done. */
  readonly error: string | undefined;
  readonly isWrite: boolean;
}

/** Answers requests as the endpoints of AWS do, all services at one address: the scope of the signature says which is meant. */
export class AwsFront {
  readonly #deps: AwsFrontDeps;
  constructor(deps: AwsFrontDeps) {
    this.#deps = deps;
  }

  handle(request: SignedRequest): Outcome {
    const requestId = randomUUID();
    const service = this.#serviceOf(request);
    if (service === undefined)
      return text(400, "no service of this name is here; its name stands in the scope of the signature", requestId);
    try {
      return this.#answer(request, service, requestId);
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      return { type: "answer", ...errorAnswerOf(service.model, error, requestId) };
    }
  }

  /** Lets happen what only takes time: instances boot, groups replace what is gone. */
  advance(): void {
    const { store, clock, services } = this.#deps;
    const nowMs = clock.wallMs();
    store.put(
      services.reduce((world, { step }) => step?.(world, nowMs) ?? world, store.now),
      nowMs,
    );
  }

  #serviceOf({ headers }: SignedRequest): AwsService | undefined {
    const wanted = scopeOf(headers.get("authorization"))?.service ?? "sts";
    const [first, ...others] = this.#deps.services.filter(({ model }) => model.signingName === wanted);
    // One that speaks several protocols is there for each.
    const spoken = headers.has("x-amz-target") ? "json" : "query";
    return first?.model.protocol === spoken ? first : (others.find(({ model }) => model.protocol === spoken) ?? first);
  }

  #answer(request: SignedRequest, service: AwsService, requestId: string): Outcome {
    const { model } = service;
    const { clock, faults, buckets } = this.#deps;
    const body = Buffer.from(request.body).toString("utf8");
    const asked = readRequest(model, request.headers, request.target, body);
    const { action } = asked;
    const fault = faults.meet(model.signingName, action);
    const seen = { service: model.signingName, action, fault: fault?.kind, isWrite: service.writes[action] !== undefined };
    const told = (outcome: Outcome, error?: string): Outcome => {
      this.#deps.onCall?.({ ...seen, error });
      return outcome;
    };
    if (fault?.kind === "reset") return told({ type: "reset" }, "reset");
    if (fault?.kind === "hang") return told({ type: "hang" }, "hang");
    try {
      if (fault?.kind === "error")
        throw new AwsError(fault.code, fault.message ?? "We encountered an internal error. Please try again.", fault.status);
      const signer = this.#signer(request, model.signingName, action);
      const isWithin = buckets.get(model.signingName)?.take(action, clock.monoMs()) ?? true;
      if (fault?.kind === "throttle" || !isWithin) throw new AwsError("Throttling", "Rate exceeded");
      const operation = model.operations.get(action);
      if (operation === undefined)
        throw new AwsError("InvalidAction", `Could not find operation ${action} for version ${model.apiVersion}`);
      const input = asked.readInput(operation);
      const violation = operation.input === undefined ? undefined : violationOf(model, operation.input, input);
      if (violation !== undefined) throw violation;
      const call: ActionCall = {
        input,
        account: this.#deps.account,
        region: signer.region,
        principal: signer.key.principal,
        nowMs: clock.wallMs(),
      };
      const output = this.#run(service, action, call, fault);
      if (fault?.kind === "lose-answer") return told({ type: "reset" });
      if (fault?.kind === "fail-after")
        throw new AwsError("InternalFailure", "The request processing has failed because of an unknown error.", 500);
      const said = fault === undefined ? output : spoiled(fault, output, input, tokenNamesOf(model, operation));
      const answer = answerOf(model, action, operation, said, requestId);
      return told({ type: "answer", ...(fault?.kind === "body" ? broken(answer, fault.body, action) : answer) });
    } catch (error) {
      if (error instanceof AwsError) told({ type: "reset" }, error.code);
      throw error;
    }
  }

  #run(
    { reads, writes, model }: AwsService,
    action: string,
    call: ActionCall,
    fault: Fault | undefined,
  ): ReturnType<AwsService["reads"][string]> {
    const { store, clock, apiDelayMs } = this.#deps;
    this.advance();
    const read = reads[action];
    const ageMs = fault?.kind === "stale" ? fault.ageMs : apiDelayMs;
    if (read !== undefined) return read(ageMs > 0 ? store.at(clock.wallMs() - ageMs) : store.now, call);
    const write = writes[action];
    if (write === undefined)
      throw new AwsError(
        "InvalidAction",
        `${action} of ${model.signingName} is not in the lab's AWS; docs/reference/lab-aws.md lists what is`,
      );
    const { world, output } = write(store.now, call);
    if (fault?.kind !== "no-effect") store.put(world, clock.wallMs());
    return output;
  }

  /** Who asks. A workload proves itself to STS by its token, not by a signature. */
  #signer(request: SignedRequest, service: string, action: string): Signer {
    if (service === "sts" && action === "AssumeRoleWithWebIdentity")
      return { key: { id: "", secret: "", principal: "anonymous" }, region: "us-east-1", service };
    const { keyOf, store, clock } = this.#deps;
    return checkSignature(request, (id) => keyOf(id) ?? store.now.sessions.get(id), clock.wallMs());
  }
}

function broken(answer: WireAnswer, body: Extract<Fault, { kind: "body" }>["body"], action: string): WireAnswer {
  switch (body) {
    case "empty":
      return { ...answer, body: "" };
    case "html":
      return {
        ...answer,
        headers: { ...answer.headers, "content-type": "text/html" },
        body: "<html><body>Service Unavailable</body></html>",
      };
    case "truncated":
      return { ...answer, body: answer.body.slice(0, Math.floor(answer.body.length / 2)) };
    case "json-object":
      return { ...answer, body: "{}" };
    case "other-action":
      return { ...answer, body: answer.body.replaceAll(action, "DescribeAccountAttributes") };
    default:
      return assertNever(body);
  }
}

function text(status: number, message: string, requestId: string): Outcome {
  return { type: "answer", status, headers: { "content-type": "text/plain", "x-amzn-requestid": requestId }, body: message };
}
