import nx from '@nx/eslint-plugin';
import prettier from 'eslint-config-prettier';
import tseslint from 'typescript-eslint';

/** What code that runs in Temporal's workflow sandbox must not see: it has no Node, no clock and no I/O. */
const OUTSIDE_THE_SANDBOX = [
  'node:*',
  '@nestjs/*',
  '@kubernetes/*',
  '@temporalio/client',
  '@temporalio/worker',
  '@temporalio/activity',
  '@temporalio/testing',
  'fastify',
  'pino',
];

const layer = (name, ...onlyDependOnLibsWithTags) => ({ sourceTag: `layer:${name}`, onlyDependOnLibsWithTags });
const CORE = 'layer:core';
const MAPPING = 'layer:mapping';
const CONTRACT = 'layer:contract';
const KUBERNETES = 'layer:kubernetes';
const SERVICE = 'layer:service';
const WORKFLOW = 'layer:workflow';

export default tseslint.config(
  { ignores: ['**/dist/**', 'node_modules/**', '.nx/**', '.servers/**', '.weir/**'] },
  {
    files: ['**/*.ts'],
    extends: [...tseslint.configs.recommendedTypeChecked, prettier],
    plugins: { '@nx': nx },
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      'no-console': 'error',
      eqeqeq: 'error',
      curly: 'error',
      'max-lines': ['error', 320],
      // A switch over the kinds of a union is one decision.
      complexity: ['error', { max: 14, variant: 'modified' }],
      'max-depth': ['error', 3],
      '@nx/enforce-module-boundaries': [
        'error',
        {
          enforceBuildableLibDependency: false,
          depConstraints: [
            {
              sourceTag: 'runtime:sandbox',
              onlyDependOnLibsWithTags: ['runtime:sandbox'],
              bannedExternalImports: OUTSIDE_THE_SANDBOX,
            },
            { sourceTag: 'runtime:node', onlyDependOnLibsWithTags: ['runtime:sandbox', 'runtime:node'] },
            layer('core'),
            layer('mapping', CORE),
            layer('contract', CORE, MAPPING),
            layer('kubernetes'),
            layer('service', SERVICE, KUBERNETES, CONTRACT, MAPPING, CORE),
            layer('workflow', CONTRACT, MAPPING, CORE),
            layer('app', SERVICE, KUBERNETES, CONTRACT, MAPPING, CORE, WORKFLOW),
            { sourceTag: 'layer:test', onlyDependOnLibsWithTags: ['*'] },
          ],
        },
      ],
    },
  },
  {
    files: ['libs/{rollout,mapping,contract}/src/**/*.ts', 'workflows/src/**/*.ts'],
    ignores: ['**/*.spec.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        { patterns: [{ group: OUTSIDE_THE_SANDBOX, message: 'not in the workflow sandbox' }] },
      ],
      'no-restricted-globals': ['error', 'process', 'Buffer', 'setImmediate'],
    },
  },
  {
    files: ['**/*.spec.ts', 'test/**/*.ts'],
    rules: {
      'max-lines': ['error', 500],
      // A probe or a fake is async because what it stands for is.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  { files: ['apps/sandbox/**/*.ts'], rules: { 'no-console': 'off' } },
);
