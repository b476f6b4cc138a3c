import type { Expectation, LoadPlan, PlannedRequest } from "../plan/load-plan.ts";

/** A request to one target as it goes over the wire, and what is right for it. */
export interface PreparedRequest {
  readonly bytes: Buffer;
  readonly method: string;
  /** Whether sending it twice has no further effect on purpose (RFC 9110 section 9.2.1). */
  readonly isSafe: boolean;
  readonly target: number;
  readonly serverName: string | undefined;
  readonly expect: Expectation;
  readonly body: Buffer | undefined;
}

const SAFE = new Set(["GET", "HEAD", "OPTIONS"]);

/** All requests of a plan to all its targets: request `r` to target `t` stands at `r * targets + t`. */
export function prepareRequests(plan: Pick<LoadPlan, "requests" | "targets">): readonly PreparedRequest[] {
  return plan.requests.flatMap((request) => plan.targets.map((target, index) => prepare(request, target, index)));
}

/**
 * Which request comes when: so that among the sum of all weights each comes as often as its weight says, and as evenly as can be
 * (smooth weighted round robin).
 */
export function turnsOf(requests: readonly PlannedRequest[]): Uint16Array {
  const common = requests.reduce((divisor, { weight }) => commonDivisor(divisor, weight), 0);
  const total = requests.reduce((sum, { weight }) => sum + weight, 0) / common;
  const credit = requests.map(() => 0);
  return Uint16Array.from({ length: total }, () => {
    let best = 0;
    requests.forEach(({ weight }, index) => {
      credit[index] = (credit[index] ?? 0) + weight / common;
      if ((credit[index] ?? 0) > (credit[best] ?? 0)) best = index;
    });
    credit[best] = (credit[best] ?? 0) - total;
    return best;
  });
}

function commonDivisor(one: number, other: number): number {
  return other === 0 ? one : commonDivisor(other, one % other);
}

function prepare(request: PlannedRequest, url: URL, target: number): PreparedRequest {
  const host = request.host ?? url.host;
  const named = (name: string): boolean => request.headers.some(([given]) => given.toLowerCase() === name);
  const body = Buffer.from(request.body);
  const lines = [`${request.method} ${request.path} HTTP/1.1`, `Host: ${host}`];
  if (!named("user-agent")) lines.push("User-Agent: holdfast-load");
  lines.push(...request.headers.map(([name, value]) => `${name}: ${value}`));
  if (body.length > 0 || !SAFE.has(request.method)) lines.push(`Content-Length: ${body.length}`);
  const { bodyContains } = request.expect;
  return {
    bytes: Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1"), body]),
    method: request.method,
    isSafe: SAFE.has(request.method),
    target,
    serverName: url.protocol === "https:" ? host.replace(/:\d+$/, "") : undefined,
    expect: request.expect,
    body: bodyContains === undefined ? undefined : Buffer.from(bodyContains),
  };
}
