export { Balancer, type BalancerOptions, type BalancerUpdate, type PoolDescription, defaultBalancerOptions } from "./balancer.ts";
export type { BreakerOptions, BreakerPermit } from "./breaker.ts";
export { type BalanceAlgorithm, type BalancePolicy, Chooser, type PickMiss, type PickRequest } from "./chooser.ts";
export { type EjectionOptions, defaultEjection } from "./ejection.ts";
export type { EndpointPool } from "./endpoint-pool.ts";
export { type EndpointState, parseEndpointAddress } from "./endpoint-state.ts";
export type { Fade } from "./fade.ts";
export { ServiceBreaker } from "./service-breaker.ts";
