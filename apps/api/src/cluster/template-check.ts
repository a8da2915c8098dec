import { Inject, Injectable } from '@nestjs/common';
import { POD_TEMPLATES, isKubernetesError, type KubernetesClient, type KubernetesObject } from '@weir/kubernetes';
import type { Logger } from '@weir/platform';
import { USER_FIELD_MANAGER } from '@weir/rollout';
import type { PodTemplate } from '@weir/rollout/manifest';
import { randomUUID } from 'node:crypto';
import { KUBERNETES, LOGGER } from '../app/dependencies.ts';
import type { ProblemField } from '../http/problem.ts';
import { isStrictDecoding, templateErrors } from './template-errors.ts';

interface PodTemplateObject extends KubernetesObject {
  readonly template: PodTemplate;
}

/**
 * Has a pod template checked by the API server before anything is stored: the CRD of Rollout lets through what no ReplicaSet
 * could be made of. It is asked by a dry run of a PodTemplate, the one object with such a template whose creation starts no pod.
 */
@Injectable()
export class TemplateCheck {
  constructor(
    @Inject(KUBERNETES) private readonly kubernetes: KubernetesClient,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /**
   * @returns every bad field; none also when the API server does not let itself be asked
   * @throws KubernetesError when it cannot be reached
   */
  async errorsOf(namespace: string, template: PodTemplate, signal: AbortSignal): Promise<readonly ProblemField[]> {
    const strict = await this.ask(namespace, template, 'Strict', signal);
    if (!strict.again) {
      return strict.errors;
    }
    // Unknown fields hide all else that is wrong.
    const rest = await this.ask(namespace, template, 'Ignore', signal);
    return [...strict.errors, ...rest.errors];
  }

  /**
   * A pod template with the API server's defaults in it, as a ReplicaSet has it; as it is when the API server does not let
   * itself be asked.
   */
  async defaulted(namespace: string, template: PodTemplate, signal: AbortSignal): Promise<PodTemplate> {
    const { answer = template } = await this.ask(namespace, template, 'Ignore', signal);
    return answer;
  }

  private async ask(
    namespace: string,
    template: PodTemplate,
    fieldValidation: 'Strict' | 'Ignore',
    signal: AbortSignal,
  ): Promise<Asked> {
    const metadata = { name: `weir-check-${randomUUID()}` };
    const body: PodTemplateObject = { apiVersion: 'v1', kind: 'PodTemplate', metadata, template };
    const options = { fieldManager: USER_FIELD_MANAGER, dryRun: true, fieldValidation, signal };
    try {
      const created = await this.kubernetes.create({ resource: POD_TEMPLATES, namespace }, body, options);
      return { answer: created.template, errors: [], again: false };
    } catch (error) {
      if (!isKubernetesError(error) || error.kind === 'unavailable') {
        throw error;
      }
      const errors = templateErrors(error);
      if (errors === undefined && error.kind !== 'notFound') {
        // For want of a right, or because of somebody's webhook; a namespace that is missing is met by what follows.
        this.logger.warn({ namespace, err: error }, 'the pod template was not checked');
      }
      return { errors: errors ?? [], again: isStrictDecoding(error) };
    }
  }
}

interface Asked {
  /** The template with defaults; absent when the API server did not take it. */
  readonly answer?: PodTemplate;
  readonly errors: readonly ProblemField[];
  /** There may be more that is wrong. */
  readonly again: boolean;
}
