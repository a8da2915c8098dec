import { describe, expect, it } from '@jest/globals';
import { SERVER_NAMES, kubernetesLinkerFlags, serverBuilds } from './catalog.ts';

describe('what the servers are built from', () => {
  it.each([
    ['a require block', 'require (\n\tk8s.io/api v0.1.0\n\tk8s.io/kubernetes v1.35.4 // indirect\n)'],
    ['a single line', 'require k8s.io/kubernetes v1.35.4\n'],
  ])('the version of Kubernetes is read from %s', (_, goMod) => {
    expect(kubernetesLinkerFlags(goMod)).toBe(
      '-s -w -X k8s.io/component-base/version.gitVersion=v1.35.4 ' +
        '-X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=35',
    );
  });

  it('a go.mod without Kubernetes is refused', () => {
    expect(() => kubernetesLinkerFlags('require k8s.io/api v0.35.4\n')).toThrow('no version of k8s.io/kubernetes');
  });

  it('each server is built once, and can be named by a variable of its own', () => {
    const builds = serverBuilds('require k8s.io/kubernetes v1.35.4\n');
    expect(builds.map(({ name }) => name)).toEqual(SERVER_NAMES);
    expect(new Set(builds.map(({ variable }) => variable)).size).toBe(SERVER_NAMES.length);
  });
});
