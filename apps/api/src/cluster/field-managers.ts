import { USER_FIELD_MANAGER, WORKER_FIELD_MANAGER } from '@weir/rollout';

/**
 * Whether a field manager is Weir: its API for a user, who may go over what they wrote before, or its worker, which writes of a
 * spec only the default of `replicas`.
 */
export function isOurs(manager: string | undefined): boolean {
  return manager === USER_FIELD_MANAGER || manager === WORKER_FIELD_MANAGER;
}
