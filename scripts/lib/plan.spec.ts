import { describe, expect, it } from '@jest/globals';
import { isInstalled, majorOf, usage } from './plan.mjs';

const lock = {
  packages: {
    '': { name: 'weir' },
    'libs/rollout': { version: '0.1.0' },
    'node_modules/@weir/rollout': { resolved: 'libs/rollout', link: true },
    'node_modules/nx': { version: '23.2.1', integrity: 'sha512-nx' },
    'node_modules/nx-other-platform': { version: '23.2.1', integrity: 'sha512-other', optional: true },
  },
};
const { '': _root, 'node_modules/nx-other-platform': _other, ...here } = lock.packages;

describe('whether the packages are installed', () => {
  it.each<[string, object | undefined, object | undefined, boolean]>([
    ['everything is there', lock, { packages: here }, true],
    ['nothing was ever installed, or an install was cut off', lock, undefined, false],
    [
      'a package has another version',
      lock,
      { packages: { ...here, 'node_modules/nx': { version: '23.2.0', integrity: 'sha512-nx' } } },
      false,
    ],
    [
      'a package has another content',
      lock,
      { packages: { ...here, 'node_modules/nx': { version: '23.2.1', integrity: 'sha512-no' } } },
      false,
    ],
    [
      'a package is missing',
      { packages: { ...lock.packages, 'node_modules/a': { version: '1.0.0' } } },
      { packages: here },
      false,
    ],
    ['a package is no longer wanted', lock, { packages: { ...here, 'node_modules/old': { version: '1.0.0' } } }, false],
    ['the lock file is missing', undefined, { packages: here }, false],
  ])('%s', (_, wanted, installed, expected) => {
    expect(isInstalled(wanted, installed)).toBe(expected);
  });
});

describe('the tasks', () => {
  it('are listed for whoever names another one', () => {
    expect(usage('deploy')).toMatch(
      /^'deploy' is no task\. Usage: .*demo\|sandbox\|worker\|api\|test\|bench\|chaos\|soak\|build\|lint\|format/,
    );
  });

  it('know the major version of Node', () => {
    expect([majorOf('20.20.2'), majorOf('24.9.0')]).toEqual([20, 24]);
  });
});
