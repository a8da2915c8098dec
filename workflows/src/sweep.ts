import { proxyActivities } from '@temporalio/workflow';
import type { SweepActivities, SweepReport } from '@weir/contract';

const { sweepCanaryMappings: sweep } = proxyActivities<SweepActivities>({
  // Some requests of at most 4 s each, and a question to Temporal for each rollout with a canary Mapping.
  startToCloseTimeout: '15 seconds',
  // As for the activities of a run: how a killed worker is noticed.
  heartbeatTimeout: '2 seconds',
  // No worker may take it for long: then the next sweep does it.
  scheduleToCloseTimeout: '60 seconds',
  // A blink of the API server is waited out. What takes longer is for the next sweep, half a minute later.
  retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumAttempts: 3 },
});

/**
 * Looks once for canary Mappings of this installation whose run is closed or gone, and has each Rollout's traffic taken home.
 * One activity, so that its history is short. The report is what the Temporal UI shows as the result.
 */
export function sweepCanaryMappings(): Promise<SweepReport> {
  return sweep();
}
