import { z } from 'zod';

/** How the pods of one revision behave, behind whichever gateway. */
export interface RevisionSettings {
  /** Of 100 requests so many are answered with 500. */
  readonly errorPercent: number;
  /** Each answer takes so long. */
  readonly latencyMs: number;
}

/** How one gateway instance behaves. */
export interface InstanceSettings {
  /** From a change in the cluster until it is served. */
  readonly lagMs: number;
  /** It takes no new configuration, and serves what it had. */
  readonly frozen: boolean;
  /** Envoy refuses each new configuration, so that the gateway serves what it had (a NACK). */
  readonly rejecting: boolean;
  /** A Mapping that the gateway finds an error in: it is left out of its group, and the diagnostics say why. */
  readonly refuse: { readonly mapping: string; readonly message: string } | null;
}

/**
 * What `GET /sandbox/v0/control` of an instance answers. `revisions`, by hash, belongs to the pods and is one for all
 * instances; the rest is the instance's own.
 */
export interface ControlSettings extends InstanceSettings {
  readonly revisions: Readonly<Record<string, RevisionSettings>>;
}

/** About what was measured on Emissary, from an accepted PATCH to the first request that obeys (facts/mapping.md 6). */
export const DEFAULT_SETTINGS: InstanceSettings = { lagMs: 200, frozen: false, rejecting: false, refuse: null };

/** Longer than any test waits; a lag or a latency beyond it is a slip of the unit. */
const LONGEST_MS = 600_000;

const milliseconds = z
  .number({ error: 'must be a number of milliseconds' })
  .min(0, { error: 'must not be below 0' })
  .max(LONGEST_MS, { error: `must not be over ${LONGEST_MS}` });
const flag = z.boolean({ error: 'must be true or false' });

const revisionSchema = z.strictObject({
  errorPercent: z
    .number({ error: 'must be a number from 0 to 100' })
    .min(0, { error: 'must be a number from 0 to 100' })
    .max(100, { error: 'must be a number from 0 to 100' })
    .default(0),
  latencyMs: milliseconds.default(0),
});

const refuseSchema = z.strictObject({
  mapping: z
    .string({ error: 'must be <namespace>/<name>' })
    .regex(/^[^/\s]+\/[^/\s]+$/, { error: 'must be <namespace>/<name>' }),
  message: z.string({ error: 'must be a text' }).min(1, { error: 'must not be empty' }),
});

const controlSchema = z.strictObject(
  {
    lagMs: milliseconds.optional(),
    frozen: flag.optional(),
    rejecting: flag.optional(),
    refuse: refuseSchema.nullable().optional(),
    revisions: z.record(z.string().min(1), revisionSchema).optional(),
  },
  { error: 'must be an object of settings' },
);

/** What a PUT may set. */
export type ControlChange = z.output<typeof controlSchema>;

/** One bad field: where (`revisions.abc.latencyMs`, or empty for the whole body), and what would be right. */
export interface SettingsError {
  readonly path: string;
  readonly message: string;
}

/** The body of a PUT, checked whole. */
export function parseControl(
  body: unknown,
): { readonly change: ControlChange } | { readonly errors: readonly SettingsError[] } {
  const parsed = controlSchema.safeParse(body);
  return parsed.success ? { change: parsed.data } : { errors: parsed.error.issues.flatMap(errorsOf) };
}

function errorsOf(issue: z.core.$ZodIssue): SettingsError[] {
  const path = issue.path.join('.');
  if (issue.code === 'unrecognized_keys') {
    const known =
      'there is no such setting; known are lagMs, frozen, rejecting, refuse {mapping, message} and revisions';
    return issue.keys.map((key) => ({ path: [...issue.path, key].join('.'), message: known }));
  }
  return [{ path, message: issue.message }];
}
