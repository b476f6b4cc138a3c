import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { AppError, isRecord, messageOf } from "../../kernel/index.ts";
import type { LoadBalancerConfig } from "./config.ts";
import { parseLoadBalancer } from "./parse-config.ts";

/** Keeps what a host hosts, whole or as before. It holds keys: nobody else may read it. Throws AppError ALB_HOST_UNWRITABLE. */
export function writeHosted(file: string, loadBalancers: readonly LoadBalancerConfig[]): void {
  try {
    writeFileSync(`${file}.next`, JSON.stringify({ loadBalancers }), { mode: 0o600 });
    renameSync(`${file}.next`, file);
  } catch (thrown) {
    throw new AppError("ALB_HOST_UNWRITABLE", `${file}: the load balancers cannot be kept there (${messageOf(thrown)})`, {
      cause: thrown,
    });
  }
}

/** What a host had; undefined where there is no file. Throws AppError ALB_HOST_UNREADABLE. */
export function readHosted(file: string): readonly LoadBalancerConfig[] | undefined {
  try {
    const held: unknown = JSON.parse(readFileSync(file, "utf8"));
    const list = isRecord(held) ? held["loadBalancers"] : undefined;
    if (!Array.isArray(list)) throw new TypeError("it has no list loadBalancers");
    return list.map((entry, at) => parseLoadBalancer(entry, `loadBalancers[${at}]`));
  } catch (thrown) {
    if (thrown instanceof Error && "code" in thrown && thrown.code === "ENOENT") return undefined;
    throw new AppError(
      "ALB_HOST_UNREADABLE",
      `${file}: is not what load balancers were kept in (${messageOf(thrown)}); remove it to begin without`,
      {
        cause: thrown,
      },
    );
  }
}
