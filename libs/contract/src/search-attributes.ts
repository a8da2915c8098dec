/** Search attributes of a run, by name and Temporal's type. The worker registers what is missing. */
export const SEARCH_ATTRIBUTES = {
  namespace: { name: 'RolloutNamespace', type: 'KEYWORD' },
  rollout: { name: 'RolloutName', type: 'KEYWORD' },
  phase: { name: 'RolloutPhase', type: 'KEYWORD' },
  revision: { name: 'RolloutRevision', type: 'KEYWORD' },
  step: { name: 'RolloutStep', type: 'INT' },
  weight: { name: 'RolloutWeight', type: 'INT' },
} as const;
