/** Address of a run in Temporal's UI; undefined when the API was not told where that is. */
export function temporalUiUrl(
  base: string | undefined,
  namespace: string,
  { workflowId, runId }: { readonly workflowId: string; readonly runId: string },
): string | undefined {
  const path = ['namespaces', namespace, 'workflows', workflowId, runId, 'history'].map(encodeURIComponent).join('/');
  return base === undefined ? undefined : `${base.replace(/\/$/, '')}/${path}`;
}
