import { AppError, isRecord } from "../../kernel/index.ts";
import type { Machine } from "../aws/index.ts";
import { AWS_CONTROL_PORT } from "../network.ts";
import type { LabPlan } from "../part-configs.ts";

const TIMEOUT_MS = 3_000;

/** The instances of the account, as its machine room has them. @throws AppError LAB_MACHINES_UNKNOWN */
export async function readInstances(plan: LabPlan): Promise<readonly Machine[]> {
  const answer = await askMachineRoom(plan, "GET", "/machines");
  if (isRecord(answer) && Array.isArray(answer["machines"])) return answer["machines"] as readonly Machine[];
  throw new AppError("LAB_MACHINES_UNKNOWN", "the lab's AWS answered no list of machines");
}

/** An operation of the control API of the lab's AWS. @throws AppError LAB_MACHINES_UNKNOWN */
export async function askMachineRoom(plan: LabPlan, method: string, path: string, body?: unknown): Promise<unknown> {
  const response = await fetch(`http://${plan.network.aws}:${AWS_CONTROL_PORT}${path}`, {
    method,
    headers: { authorization: `Bearer ${plan.credentials.control}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (!response.ok) throw new AppError("LAB_MACHINES_UNKNOWN", `the lab's AWS answered ${response.status} to ${method} ${path}`);
  return response.json();
}
