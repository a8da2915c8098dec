import { ActivityCancellationType, proxyActivities } from '@temporalio/workflow';
import type { CanaryRolloutActivities } from '@weir/contract';

/**
 * A step of a run is short. `startToClose` leaves room for a slow API server (4 s a request, a few requests); a killed worker
 * is noticed by its missing heartbeats (every 500 ms) long before that.
 */
const STEP = {
  startToCloseTimeout: '15 seconds',
  heartbeatTimeout: '2 seconds',
  retry: {
    // The first retry is for what another write or a blink of the network caused; then it backs off from a sick API server.
    initialInterval: '100 milliseconds',
    backoffCoefficient: 2,
    maximumInterval: '5 seconds',
  },
} as const;

/**
 * Work that an abort may overtake: a weight write that lands late is stopped by its sequence number, so nobody waits for it.
 */
export const interruptible = proxyActivities<CanaryRolloutActivities>({
  ...STEP,
  cancellationType: ActivityCancellationType.TRY_CANCEL,
});

/**
 * A creation that lands after the cleanup would leave a canary Mapping behind, and a Service that is switched after all makes
 * an abort a promotion: the abort waits until it is known to be over.
 */
export const decisive = proxyActivities<CanaryRolloutActivities>({
  ...STEP,
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
});

/** What no traffic depends on: given up soon, and tried again by the planner, so that it holds nothing else back. */
export const upkeep = proxyActivities<CanaryRolloutActivities>({
  ...STEP,
  scheduleToCloseTimeout: '5 seconds',
  cancellationType: ActivityCancellationType.TRY_CANCEL,
});

/** Cleanup is tried for ever, and not given up for a 403 either: RBAC may be mended. */
export const cleanup = proxyActivities<CanaryRolloutActivities>({
  ...STEP,
  retry: { ...STEP.retry, maximumInterval: '10 seconds' },
});
