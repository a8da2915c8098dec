import { INSTANCE_ID, INSTANCE_ID_LABEL, ROLLOUT_API_VERSION, ROLLOUT_KIND, USER_ANNOTATIONS } from '../names.ts';
import type { RolloutSpec } from '../types.ts';
import { canaryFindings } from './canary-rules.ts';
import { findingErrors, schemaErrors, type FieldError, type Finding } from './errors.ts';
import { rolloutManifestSchema, rolloutSpecSchema, type CheckedSpec } from './schema.ts';
import { annotationFindings } from './annotations.ts';
import { reservedKeyFindings } from './reserved-keys.ts';
import { toSpec } from './to-spec.ts';
import { at } from './unchecked.ts';
import { workloadFindings } from './workload-rules.ts';

/** A Rollout as it is stored: only what the user owns, and the label that makes it Weir's. */
export interface StoredRollout {
  readonly apiVersion: typeof ROLLOUT_API_VERSION;
  readonly kind: typeof ROLLOUT_KIND;
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly uid?: string;
    readonly resourceVersion?: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: CheckedSpec;
}

export type ParsedManifest =
  | { readonly ok: true; readonly rollout: StoredRollout; readonly spec: RolloutSpec }
  | { readonly ok: false; readonly errors: readonly FieldError[] };

export type ParsedSpec =
  { readonly ok: true; readonly spec: RolloutSpec } | { readonly ok: false; readonly errors: readonly FieldError[] };

/** Where the manifest is to be stored: it may leave its name and namespace out, but not contradict them. */
export interface Target {
  readonly namespace: string;
  readonly name: string;
}

/** Reads a manifest whole, before anything is stored: every error is reported, with its path. */
export function parseManifest(input: unknown, target: Target): ParsedManifest {
  const parsed = rolloutManifestSchema.safeParse(input, { reportInput: true });
  const errors = [
    ...schemaErrors(parsed.error),
    ...findingErrors(targetFindings(input, target)),
    ...findingErrors(specFindings(at(input, 'spec')), ['spec']),
    ...findingErrors(reservedKeyFindings(input)),
  ];
  if (!parsed.success || errors.length > 0) {
    return { ok: false, errors };
  }
  const { metadata = {}, spec } = parsed.data;
  const { labels, annotations, uid, resourceVersion } = metadata;
  return {
    ok: true,
    spec: toSpec(spec, annotations),
    rollout: {
      apiVersion: ROLLOUT_API_VERSION,
      kind: ROLLOUT_KIND,
      metadata: {
        name: target.name,
        namespace: target.namespace,
        ...(uid !== undefined && { uid }),
        ...(resourceVersion !== undefined && { resourceVersion }),
        labels: { ...labels, [INSTANCE_ID_LABEL]: INSTANCE_ID },
        ...(annotations !== undefined && { annotations: withoutOurs(annotations) }),
      },
      spec,
    },
  };
}

/** What Weir notes on a Rollout comes back in what `kubectl get` prints; it is not the user's to apply. */
function withoutOurs(annotations: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(annotations).filter(([key]) => USER_ANNOTATIONS.includes(key) || !key.startsWith('weir.dev/')),
  );
}

/**
 * Reads the `spec` of a stored Rollout, which need not have come through {@link parseManifest}.
 *
 * @param annotations the Rollout's: one of them is read like a field of the spec
 */
export function parseSpec(input: unknown, annotations: Readonly<Record<string, string>> = {}): ParsedSpec {
  const parsed = rolloutSpecSchema.safeParse(input, { reportInput: true });
  const errors = [
    ...schemaErrors(parsed.error, ['spec']),
    ...findingErrors(specFindings(input), ['spec']),
    ...findingErrors(annotationFindings(annotations), ['metadata', 'annotations']),
  ];
  return parsed.success && errors.length === 0
    ? { ok: true, spec: toSpec(parsed.data, annotations) }
    : { ok: false, errors };
}

function specFindings(spec: unknown): Finding[] {
  return [...workloadFindings(spec), ...canaryFindings(spec)];
}

function targetFindings(input: unknown, target: Target): Finding[] {
  return (['name', 'namespace'] as const).flatMap((field) => {
    const given = at(input, 'metadata', field);
    return typeof given === 'string' && given !== target[field]
      ? [{ path: ['metadata', field], message: `is ${given}, but the address says ${target[field]}` }]
      : [];
  });
}
