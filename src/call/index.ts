export { type BackoffOptions, backoffDelayMs } from "./backoff.ts";
export {
  type Attempt,
  type CallRequest,
  type Caller,
  type CallerDeps,
  type CallerOptions,
  type FailureClass,
  createCaller,
} from "./caller.ts";
export {
  type CircuitBreaker,
  type CircuitOptions,
  type CircuitOutcome,
  type CircuitState,
  createCircuitBreaker,
} from "./circuit-breaker.ts";
export { abortReason, withDeadline } from "./deadline.ts";
export { type Priority, type RateLimiter, type RateLimiterOptions, createRateLimiter } from "./rate-limiter.ts";
export { type RetryBudget, type RetryBudgetOptions, createRetryBudget } from "./retry-budget.ts";
