import { Inject, Injectable } from '@nestjs/common';
import type { KubernetesClient } from '@weir/kubernetes';
import { chooseMappingApi, type MappingApi } from '@weir/mapping';
import { KUBERNETES, SETTINGS } from '../app/dependencies.ts';
import type { ApiSettings } from '../app/settings.ts';

/** The version in which this cluster's Mappings are read and written; remembered until it is no longer served. */
@Injectable()
export class ServedMappings {
  private known: MappingApi | undefined;

  constructor(
    @Inject(KUBERNETES) private readonly kubernetes: KubernetesClient,
    @Inject(SETTINGS) private readonly settings: ApiSettings,
  ) {}

  /** @returns undefined when the cluster serves none that can be used */
  async api(): Promise<MappingApi | undefined> {
    this.known ??= chooseMappingApi(await this.kubernetes.servedApiVersions(), this.settings.WEIR_MAPPING_API_VERSION);
    return this.known;
  }

  /** It was answered that the version is not served. */
  forget(): void {
    this.known = undefined;
  }
}
