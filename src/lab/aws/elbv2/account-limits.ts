import type { Read } from "../world/actions.ts";
import { page } from "./paging.ts";

/** Quotas of an account and region, by the names that DescribeAccountLimits gives them (page "Quotas for your Application Load Balancers"). */
export const limits = {
  "application-load-balancers": 50,
  "network-load-balancers": 50,
  "target-groups": 3_000,
  "targets-per-target-group": 1_000,
  "listeners-per-application-load-balancer": 50,
  "rules-per-application-load-balancer": 100,
  "certificates-per-application-load-balancer": 25,
  "target-groups-per-application-load-balancer": 100,
  "target-groups-per-action-on-application-load-balancer": 5,
  "condition-values-per-alb-rule": 5,
  "condition-wildcards-per-alb-rule": 5,
} as const;

export const describeAccountLimits: Read = (_world, { input }) => {
  const { page: found, nextMarker } = page(Object.entries(limits), ([name]) => name, input);
  const shown = found.map(([name, most]) => ({ Name: name, Max: String(most) }));
  return { Limits: shown, ...(nextMarker === undefined ? {} : { NextMarker: nextMarker }) };
};
