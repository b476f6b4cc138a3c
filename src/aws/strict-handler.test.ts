import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type TestContext, test } from "node:test";
import { AppError, systemClock, systemRandom } from "../kernel/index.ts";
import { connectAws } from "./index.ts";

const ARN = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:loadbalancer/app/a/1";

interface Said {
  readonly status: number;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A client of something that answers everything alike. */
async function answered(t: TestContext, { status, body, headers = { "x-amzn-requestid": "1" } }: Said) {
  const server = createServer((request, response) => {
    request.resume();
    request.on("end", () => response.writeHead(status, headers).end(body));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const aws = connectAws(
    {
      region: "eu-central-1",
      endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      credentials: { accessKeyId: "AKIA", secretAccessKey: "secret" },
      times: { timeoutMs: 5_000, attemptTimeoutMs: 5_000 },
      share: 100,
    },
    { clock: systemClock, random: systemRandom },
  );
  t.after(() => {
    aws.close();
    server.close();
    server.closeAllConnections();
  });
  const code = (call: Promise<unknown>): Promise<string> =>
    call.then(
      () => "done",
      (error: unknown) => (error instanceof AppError ? error.code : String(error)),
    );
  const [xml, json, write] = await Promise.all([
    code(aws.elb.loadBalancer(ARN)),
    code(aws.acm.certificate(ARN)),
    code(aws.waf.disassociate(ARN)),
  ]);
  return { xml, json, write };
}

test("the 404 of something else than AWS does not say that a thing is gone, nor its 403 that a permission is missing", async (t) => {
  const page = "<html><body>404 page not found</body></html>";
  const unreadable = { xml: "AWS_UNREADABLE", json: "AWS_UNREADABLE", write: "AWS_UNREADABLE" };
  const all: readonly Said[] = [
    { status: 404, body: page },
    { status: 404, body: "" },
    { status: 404, body: "{}" },
    { status: 403, body: page },
    { status: 302, body: "" },
    { status: 502, body: page },
  ];
  const outcomes = await Promise.all(all.map((said) => answered(t, said)));
  for (const [at, outcome] of outcomes.entries()) assert.deepEqual(outcome, unreadable, JSON.stringify(all[at]));
});

test("an error of AWS is read as such, in both forms", async (t) => {
  const error = "<ErrorResponse><Error><Type>Sender</Type><Code>LoadBalancerNotFound</Code><Message>gone</Message></Error></ErrorResponse>";
  assert.equal((await answered(t, { status: 400, body: error })).xml, "AWS_NOT_FOUND");
  assert.equal((await answered(t, { status: 400, body: '{"__type":"ResourceNotFoundException","message":"gone"}' })).json, "AWS_NOT_FOUND");
});

test("a service that speaks JSON may say nothing of what it did, but not of what it was asked", async (t) => {
  const { json, write } = await answered(t, { status: 200, body: "" });
  assert.deepEqual([json, write], ["AWS_UNREADABLE", "done"]);
  assert.equal((await answered(t, { status: 200, body: "", headers: {} })).write, "AWS_UNREADABLE");
});
