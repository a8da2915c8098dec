import type { z } from 'zod';
import { parsePauseDurationMs } from '../duration.ts';
import { INSTANCE_ID, INSTANCE_ID_LABEL, ROLLOUT_API_VERSION, ROLLOUT_KIND } from '../names.ts';
import type { RolloutSpec, Step } from '../types.ts';
import { NOT_SUPPORTED_YET, rolloutManifestSchema, rolloutSpecSchema } from './schema.ts';

/** One bad field: where it is (`spec.strategy.canary.steps[1].setWeight`; empty for the whole) and what would be right. */
export interface FieldError {
  readonly path: string;
  readonly message: string;
}

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
  readonly spec: z.infer<typeof rolloutSpecSchema>;
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
  const errors = [...(parsed.success ? [] : fieldErrors(parsed.error)), ...targetErrors(input, target)];
  if (!parsed.success || errors.length > 0) {
    return { ok: false, errors };
  }
  const { metadata = {}, spec } = parsed.data;
  const { labels, annotations, uid, resourceVersion } = metadata;
  return {
    ok: true,
    spec: toSpec(spec),
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
  return Object.fromEntries(Object.entries(annotations).filter(([key]) => !key.startsWith('weir.dev/')));
}

/** Reads the `spec` of a stored Rollout, which need not have come through {@link parseManifest}. */
export function parseSpec(input: unknown): ParsedSpec {
  const parsed = rolloutSpecSchema.safeParse(input, { reportInput: true });
  return parsed.success
    ? { ok: true, spec: toSpec(parsed.data) }
    : { ok: false, errors: fieldErrors(parsed.error, ['spec']) };
}

function toSpec({ strategy: { canary } }: z.infer<typeof rolloutSpecSchema>): RolloutSpec {
  return {
    stableService: canary.stableService,
    canaryService: canary.canaryService,
    mappings: canary.trafficRouting.ambassador.mappings ?? [],
    steps: (canary.steps ?? []).map(toStep),
  };
}

function toStep({ setWeight, pause }: { setWeight?: number; pause?: { duration?: number | string } }): Step {
  if (setWeight !== undefined) {
    return { kind: 'setWeight', weight: setWeight };
  }
  const durationMs = pause?.duration === undefined ? undefined : parsePauseDurationMs(pause.duration);
  return durationMs === undefined ? { kind: 'pause' } : { kind: 'pause', durationMs };
}

function targetErrors(input: unknown, target: Target): FieldError[] {
  const metadata = (input as { metadata?: Record<string, unknown> } | null | undefined)?.metadata;
  return (['name', 'namespace'] as const).flatMap((field) => {
    const given = metadata?.[field];
    return typeof given === 'string' && given !== target[field]
      ? [{ path: `metadata.${field}`, message: `is ${given}, but the address says ${target[field]}` }]
      : [];
  });
}

function fieldErrors(error: z.ZodError, prefix: readonly PropertyKey[] = []): FieldError[] {
  return error.issues.flatMap((issue) => {
    const path = [...prefix, ...issue.path];
    return issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => unknownField([...path, key]))
      : [{ path: formatPath(path), message: absent(issue) ? `is required: ${issue.message}` : issue.message }];
  });
}

/** Missing, rather than of the wrong type. */
function absent(issue: z.core.$ZodIssue): boolean {
  return issue.code === 'invalid_type' && issue.input === undefined;
}

function unknownField(path: readonly PropertyKey[]): FieldError {
  const withoutIndices = path.filter((part) => typeof part !== 'number').join('.');
  const message = NOT_SUPPORTED_YET.has(withoutIndices) ? 'is not supported yet' : 'is not a field of a Rollout';
  return { path: formatPath(path), message };
}

function formatPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') {
      return `${text}[${part}]`;
    }
    const name = String(part);
    return /^[A-Za-z_][\w-]*$/.test(name)
      ? text === ''
        ? name
        : `${text}.${name}`
      : `${text}[${JSON.stringify(name)}]`;
  }, '');
}
