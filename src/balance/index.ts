export { Balancer, type BalancerOptions, type BalancerUpdate, type PoolDescription, defaultBalancerOptions } from "./balancer.ts";
export { type BalanceAlgorithm, EndpointPool, type PickMiss, type PickRequest, type PoolLimits } from "./endpoint-pool.ts";
export { type EjectionOptions, EndpointState, parseEndpointAddress } from "./endpoint-state.ts";
