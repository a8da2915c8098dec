import { z } from 'zod';

/** Variables that mean nothing at all are as good as absent: compose files pass empty ones on. */
const emptyAsAbsent = (value: unknown): unknown => (value === '' ? undefined : value);

const text = z.preprocess(emptyAsAbsent, z.string().optional());
const port = (fallback: number): z.ZodType<number> =>
  z.preprocess(emptyAsAbsent, z.coerce.number({ error: 'must be a port' }).int().min(0).max(65_535).default(fallback));

/** Settings that API and worker share. Temporal's address, TLS and keys come by its standard TEMPORAL_… names. */
export const commonSettings = {
  /** Name of the cluster in workflow ids; absent: uid of the kube-system namespace. */
  WEIR_CLUSTER: text,
  WEIR_TASK_QUEUE: z.preprocess(emptyAsAbsent, z.string().default('weir')),
  WEIR_LOG_LEVEL: z.preprocess(emptyAsAbsent, z.enum(['trace', 'debug', 'info', 'warn', 'error']).default('info')),
  /** `group/version` of Mapping to use; absent: the newest that the cluster serves. */
  WEIR_MAPPING_API_VERSION: text,
};

export const settings = { text, port };

/**
 * The environment, read once at start by one schema.
 *
 * @throws Error that names every bad variable and what it must be: the process refuses to start
 */
export function readSettings<T extends z.ZodRawShape>(
  shape: T,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): z.infer<z.ZodObject<T>> {
  const parsed = z.object(shape).safeParse(environment);
  if (!parsed.success) {
    const problems = parsed.error.issues.map(({ path, message }) => `${path.join('.')} ${message}`);
    throw new Error(`bad environment: ${problems.join('; ')}`);
  }
  return parsed.data;
}
