import { request } from "node:http";
import { pipeline } from "node:stream/promises";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { messageOf } from "../../kernel/index.ts";
import type { Call } from "./call.ts";
import { type JsonObject, arrayAt, nameOf, numberAt, stringAt } from "./json.ts";
import { StatusError, badRequest, internalError } from "./status.ts";

const PARAMETERS = ["follow", "previous", "sinceSeconds", "sinceTime", "timestamps", "tailLines", "limitBytes"];
const CONNECT_TIMEOUT_MS = 5000;

/**
 * Answers `pods/log` with what the pod's kubelet says at `/containerLogs/NAMESPACE/POD/CONTAINER`, as it comes. The
 * kubelet is found by the InternalIP and the port of the Node object; only addresses of this machine are called.
 */
export async function proxyLogs({ core, query, response, signal }: Call, pod: JsonObject): Promise<void> {
  const container = containerOf(pod, query.get("container") ?? "");
  const nodeName = stringAt(pod, "spec", "nodeName") ?? "";
  if (nodeName === "") throw badRequest(`pod ${nameOf(pod)} does not have a host assigned`);
  const node = core.store.get("nodes", nodeName);
  const address = stringAt(
    arrayAt(node, "status", "addresses").find((entry) => stringAt(entry, "type") === "InternalIP"),
    "address",
  );
  // A Node object is written by whoever may; its address is not to make this server call hosts elsewhere.
  if (address === undefined || !/^127\.\d+\.\d+\.\d+$/.test(address))
    throw internalError(`node "${nodeName}" has no InternalIP in 127.0.0.0/8`);
  const passed = new URLSearchParams(PARAMETERS.flatMap((name) => (query.has(name) ? [[name, query.get(name) ?? ""]] : [])));
  const path = ["containerLogs", stringAt(pod, "metadata", "namespace") ?? "", nameOf(pod), container].map(encodeURIComponent).join("/");
  const port = numberAt(node, "status", "daemonEndpoints", "kubeletEndpoint", "Port") ?? 10_250;
  const asked = request({ host: address, port, path: `/${path}?${passed.toString()}`, agent: false, signal, timeout: CONNECT_TIMEOUT_MS });
  // Once the answer has begun, its own stream tells of an end; an error without a listener would end the process.
  asked.on("error", () => {});
  response.once("close", () => asked.destroy());
  asked.once("timeout", () => asked.destroy(new Error("the kubelet does not answer")));
  asked.end();
  let answer: IncomingMessage;
  try {
    [answer] = (await once(asked, "response")) as [IncomingMessage];
  } catch (error) {
    throw internalError(`Get "http://${address}:${port}/${path}": ${messageOf(error)}`);
  }
  asked.setTimeout(0);
  if (answer.statusCode !== 200) {
    const said = await firstText(answer);
    throw new StatusError(
      answer.statusCode === 404 ? 404 : 400,
      answer.statusCode === 404 ? "NotFound" : "BadRequest",
      said === "" ? `the kubelet of node "${nodeName}" answered ${answer.statusCode}` : said,
    );
  }
  response.writeHead(200, { "content-type": "text/plain" });
  response.flushHeaders();
  // Either side may go at any time; what was sent until then stands.
  await pipeline(answer, response).catch(() => response.destroy());
}

function containerOf(pod: JsonObject, asked: string): string {
  const names = [...arrayAt(pod, "spec", "containers"), ...arrayAt(pod, "spec", "initContainers")].map(
    (container) => stringAt(container, "name") ?? "",
  );
  if (asked !== "") {
    if (!names.includes(asked)) throw badRequest(`container ${asked} is not valid for pod ${nameOf(pod)}`);
    return asked;
  }
  const [only, ...others] = arrayAt(pod, "spec", "containers").map((container) => stringAt(container, "name") ?? "");
  if (only === undefined || others.length > 0)
    throw badRequest(`a container name must be specified for pod ${nameOf(pod)}, choose one of: [${names.join(" ")}]`);
  return only;
}

async function firstText(answer: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    text += chunk.toString("utf8");
    if (text.length > 1000) break;
  }
  return text.slice(0, 1000).trim();
}
