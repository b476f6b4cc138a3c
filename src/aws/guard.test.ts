import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type TestContext, test } from "node:test";
import { text } from "node:stream/consumers";
import { AppError, systemClock, systemRandom } from "../kernel/index.ts";
import { connectAws } from "./index.ts";

const ARN = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:loadbalancer/app/a/1";

/** A server that answers every action, and tells which came. */
async function guarded(t: TestContext, guard: () => void) {
  const actions: string[] = [];
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const action = new URLSearchParams(body).get("Action") ?? "";
      actions.push(action);
      response.setHeader("x-amzn-requestid", "1");
      response.end(`<${action}Response><${action}Result><Listeners/></${action}Result></${action}Response>`);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const credentials = { accessKeyId: "AKIA", secretAccessKey: "secret" };
  const aws = connectAws({ region: "eu-central-1", endpoint, credentials, guard }, { clock: systemClock, random: systemRandom });
  t.after(() => {
    aws.close();
    server.close();
    server.closeAllConnections();
  });
  return { aws, actions };
}

test("what the guard refuses is not sent, on a new connection as on one that is open; reads on an open one are not asked about", async (t) => {
  let mayWrite = true;
  const { aws, actions } = await guarded(t, () => {
    if (!mayWrite) throw new AppError("KUBE_NOT_LEADER", "not now");
  });
  await aws.elb.deleteLoadBalancer(ARN);
  mayWrite = false;
  await assert.rejects(aws.elb.deleteLoadBalancer(ARN), { code: "KUBE_NOT_LEADER" });
  await aws.elb.listeners(ARN);
  assert.deepEqual(actions, ["DeleteLoadBalancer", "DescribeListeners"]);
});

test("a write that was allowed when it set out is not sent when it is allowed no more once its connection is there", async (t) => {
  let asked = 0;
  const { aws, actions } = await guarded(t, () => {
    asked += 1;
    if (asked > 1) throw new AppError("KUBE_NOT_LEADER", "not any more");
  });
  await assert.rejects(aws.elb.deleteLoadBalancer(ARN), { code: "KUBE_NOT_LEADER" });
  assert.equal(asked, 2);
  assert.deepEqual(actions, []);
});
