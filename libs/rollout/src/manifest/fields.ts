import { z } from 'zod';
import { POD_TEMPLATE_HASH_LABEL } from '../names.ts';
import { MAX_INT32, parseAmount } from './amount.ts';

const DNS_LABEL = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;
export const DNS_SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const QUALIFIED_NAME = /^[A-Za-z0-9]([-\w.]{0,61}[A-Za-z0-9])?$/;

/** Kubernetes' limits: a Service is a DNS label, most other objects a DNS subdomain. */
export const serviceName = z
  .string({ error: 'must be the name of a Service' })
  .max(63, { error: 'a Service name has at most 63 characters' })
  .regex(DNS_LABEL, { error: 'must be a Service name: a-z, 0-9 and -, beginning with a letter' });

export const objectName = z
  .string({ error: 'must be a name' })
  .max(253, { error: 'a name has at most 253 characters' })
  .regex(DNS_SUBDOMAIN, { error: 'must be a DNS subdomain: a-z, 0-9, - and .' });

export const flag = z.boolean({ error: 'must be true or false' });

/** An integer in Argo's range. `what` says of what, for example `pods`. */
export function integer(what: string, min = 0, max = MAX_INT32): z.ZodInt {
  const error = `must be ${what}, an integer from ${min} to ${max}`;
  return z.int({ error }).min(min, { error }).max(max, { error });
}

export const seconds = integer('whole seconds');

/** A count of pods, or a percentage of `spec.replicas` of at most `maxPercent`. */
export function amount(maxPercent = MAX_INT32): z.ZodType<number | string> {
  const limit = maxPercent < MAX_INT32 ? `, at most "${maxPercent}%"` : '';
  const error = `must be pods as an integer of at least 0 (2), or a percentage of spec.replicas as text ("25%")${limit}`;
  return z.union([z.int(), z.string()], { error }).refine(
    (value) => {
      const parsed = parseAmount(value);
      return parsed !== undefined && ('pods' in parsed || parsed.percent <= maxPercent);
    },
    { error },
  );
}

export const stringMap = z.record(z.string(), z.string({ error: 'must be a string' }), {
  error: 'must be a map of strings',
});

/** Annotations of pods: the API server takes no other keys, and would say so only when the pods are made. */
export const annotationMap = stringMap.superRefine((annotations, context) => {
  for (const key of Object.keys(annotations).filter((name) => !isQualifiedName(name))) {
    context.addIssue({ code: 'custom', path: [key], message: KEY_RULE });
  }
});

/** Labels of pods, and what selects them. Weir tells its revisions apart by a label of its own. */
export const labelMap = stringMap.superRefine((labels, context) => {
  for (const [key, value] of Object.entries(labels)) {
    const problem = labelKeyProblem(key) ?? (isLabelValue(value) ? undefined : VALUE_RULE);
    if (problem !== undefined) {
      context.addIssue({ code: 'custom', path: [key], message: problem });
    }
  }
});

const KEY_RULE =
  'must be a key as Kubernetes takes it: up to 63 of A-Z, a-z, 0-9, -, _ and ., with a DNS subdomain and / before it if need be';
const VALUE_RULE =
  'must be up to 63 of A-Z, a-z, 0-9, -, _ and ., beginning and ending with a letter or digit; or empty';

export const labelKey = z.string({ error: KEY_RULE }).superRefine((key, context) => {
  const problem = labelKeyProblem(key);
  if (problem !== undefined) {
    context.addIssue({ code: 'custom', message: problem });
  }
});

export const labelValue = z.string({ error: VALUE_RULE }).refine(isLabelValue, { error: VALUE_RULE });

function labelKeyProblem(key: string): string | undefined {
  if (key === POD_TEMPLATE_HASH_LABEL) {
    return 'is the label by which Weir tells revisions apart; leave it out';
  }
  return isQualifiedName(key) ? undefined : KEY_RULE;
}

function isQualifiedName(key: string): boolean {
  const slash = key.indexOf('/');
  const prefix = slash === -1 ? undefined : key.slice(0, slash);
  return QUALIFIED_NAME.test(key.slice(slash + 1)) && (prefix === undefined || isSubdomain(prefix));
}

function isSubdomain(text: string): boolean {
  return text.length <= 253 && DNS_SUBDOMAIN.test(text);
}

function isLabelValue(value: string): boolean {
  return value === '' || QUALIFIED_NAME.test(value);
}
