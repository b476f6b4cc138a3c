/** Requests to the control API, in this order, with what Toxiproxy 2.12.0 answered (run here; the words of Go's JSON reader left out: the answer begins so). */
export interface ApiCase {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  readonly status: number;
  /** What the answer's body is, ports written as 0, or the text that it begins with. */
  readonly answer?: unknown;
}

const UPSTREAM = "127.0.0.1:9";
const LATENCY = { attributes: { latency: 100, jitter: 0 }, name: "latency_downstream", type: "latency", stream: "downstream", toxicity: 1 };
const A = { name: "a", listen: "127.0.0.1:0", upstream: UPSTREAM, enabled: true, toxics: [] };

export const API_CASES: readonly ApiCase[] = [
  { method: "POST", path: "/proxies", body: { name: "a", listen: "127.0.0.1:0", upstream: UPSTREAM }, status: 201, answer: A },
  {
    method: "POST",
    path: "/proxies",
    body: { name: "a", listen: "127.0.0.1:0", upstream: UPSTREAM },
    status: 409,
    answer: { error: "proxy already exists", status: 409 },
  },
  {
    method: "POST",
    path: "/proxies",
    body: { name: "b" },
    status: 400,
    answer: { error: "missing required field: upstream", status: 400 },
  },
  { method: "POST", path: "/proxies", body: { listen: "x" }, status: 400, answer: { error: "missing required field: name", status: 400 } },
  { method: "POST", path: "/proxies", body: "{", status: 400, answer: '{"error":"bad request body: unexpected EOF' },
  { method: "POST", path: "/proxies", body: "", status: 400, answer: { error: "bad request body: EOF", status: 400 } },
  { method: "POST", path: "/proxies", body: [], status: 400, answer: '{"error":"bad request body: json: cannot unmarshal array' },
  { method: "POST", path: "/proxies", body: { name: "z", listen: "nonsense", upstream: UPSTREAM }, status: 500, answer: '{"error":' },
  { method: "POST", path: "/proxies/a/toxics", body: { type: "latency", attributes: { latency: 100 } }, status: 200, answer: LATENCY },
  {
    method: "POST",
    path: "/proxies/a/toxics",
    body: { type: "latency" },
    status: 409,
    answer: { error: "toxic already exists", status: 409 },
  },
  { method: "POST", path: "/proxies/a/toxics", body: { type: "nope" }, status: 400, answer: { error: "invalid toxic type", status: 400 } },
  {
    method: "POST",
    path: "/proxies/a/toxics",
    body: { type: "slicer", stream: "side" },
    status: 400,
    answer: { error: "stream was invalid, can be either upstream or downstream", status: 400 },
  },
  {
    method: "POST",
    path: "/proxies/a/toxics",
    body: { name: "s", type: "bandwidth", attributes: { rate: "x" } },
    status: 400,
    answer: '{"error":"bad request body: json: cannot unmarshal string into ',
  },
  {
    method: "POST",
    path: "/proxies/a/toxics",
    body: { name: "s", type: "latency", attributes: { latency: 1.5 } },
    status: 400,
    answer: '{"error":"bad request body: json: cannot unmarshal number 1.5 into ',
  },
  {
    method: "POST",
    path: "/proxies/a/toxics",
    body: { name: "s", type: "bandwidth", toxicity: "1" },
    status: 400,
    answer: '{"error":"bad request body: json: cannot unmarshal string into ',
  },
  {
    method: "POST",
    path: "/proxies/a/toxics",
    body: { NAME: "s", type: "bandwidth", stream: "upstream", toxicity: 0.5, attributes: { rate: 10 } },
    status: 200,
    answer: { attributes: { rate: 10 }, name: "s", type: "bandwidth", stream: "upstream", toxicity: 0.5 },
  },
  {
    method: "GET",
    path: "/proxies/a/toxics",
    status: 200,
    answer: [{ attributes: { rate: 10 }, name: "s", type: "bandwidth", stream: "upstream", toxicity: 0.5 }, LATENCY],
  },
  { method: "GET", path: "/proxies/a/toxics/zz", status: 404, answer: { error: "toxic not found", status: 404 } },
  {
    method: "PATCH",
    path: "/proxies/a/toxics/s",
    body: { attributes: { rate: 11 } },
    status: 200,
    answer: { attributes: { rate: 11 }, name: "s", type: "bandwidth", stream: "upstream", toxicity: 0.5 },
  },
  {
    method: "POST",
    path: "/proxies/a/toxics/s",
    body: { toxicity: 1 },
    status: 200,
    answer: { attributes: { rate: 11 }, name: "s", type: "bandwidth", stream: "upstream", toxicity: 1 },
  },
  { method: "PATCH", path: "/proxies/zz/toxics/s", body: {}, status: 404, answer: { error: "proxy not found", status: 404 } },
  { method: "GET", path: "/proxies/zz", status: 404, answer: { error: "proxy not found", status: 404 } },
  { method: "DELETE", path: "/proxies/a/toxics/s", status: 204 },
  { method: "DELETE", path: "/proxies/a/toxics/s", status: 404, answer: { error: "toxic not found", status: 404 } },
  { method: "PATCH", path: "/proxies/a", body: { enabled: false }, status: 200, answer: { ...A, enabled: false, toxics: [LATENCY] } },
  { method: "GET", path: "/proxies", status: 200, answer: { a: { ...A, enabled: false, toxics: [LATENCY] } } },
  { method: "POST", path: "/reset", status: 204 },
  { method: "GET", path: "/proxies/a", status: 200, answer: A },
  {
    method: "POST",
    path: "/populate",
    body: [
      { name: "a", listen: "127.0.0.1:0", upstream: UPSTREAM },
      { name: "c", listen: "127.0.0.1:0", upstream: UPSTREAM, enabled: false },
    ],
    status: 201,
    answer: { proxies: [A, { ...A, name: "c", enabled: false }] },
  },
  { method: "POST", path: "/populate", body: {}, status: 400, answer: '{"error":"bad request body: ' },
  {
    method: "POST",
    path: "/populate",
    body: [{ name: "q" }],
    status: 400,
    answer: { error: "missing required field: upstream at proxy 1", status: 400, proxies: null },
  },
  { method: "DELETE", path: "/proxies/a", status: 204 },
  { method: "DELETE", path: "/proxies/a", status: 404, answer: { error: "proxy not found", status: 404 } },
  { method: "PUT", path: "/proxies/c", status: 405, answer: "" },
  { method: "GET", path: "/nope", status: 404, answer: "404 page not found\n" },
];

/** An answer in the form of the cases: ports that the machine chose are 0, and what is a trace of Go is gone. */
export function comparable(text: string): unknown {
  const plain = text.replaceAll(/"listen":"127\.0\.0\.1:\d+"/g, '"listen":"127.0.0.1:0"').replaceAll('"Logger":{},', "");
  try {
    return JSON.parse(plain);
  } catch {
    return plain;
  }
}
