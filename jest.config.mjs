/** One layer a project: `jest --selectProjects unit`. Native ESM, sources straight from `src` by the `@weir/source` condition. */
const common = {
  testEnvironment: 'node',
  testEnvironmentOptions: { customExportConditions: ['@weir/source', 'node', 'node-addons'] },
  extensionsToTreatAsEsm: ['.ts'],
  modulePathIgnorePatterns: ['/dist/', '/\\.nx/', '/\\.weir/'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
          target: 'es2024',
        },
        module: { type: 'es6' },
      },
    ],
  },
};

const layer = (displayName, testMatch, more = {}) => ({ ...common, displayName, testMatch, ...more });

export default {
  projects: [
    layer('unit', [
      '<rootDir>/{libs,apps}/*/src/**/*.spec.ts',
      '<rootDir>/workflows/src/**/*.spec.ts',
      '<rootDir>/scripts/**/*.spec.ts',
      '<rootDir>/test/{support,chaos,bench}/**/*.spec.ts',
    ]),
    layer('workflows', ['<rootDir>/test/{workflows,replay}/**/*.spec.ts']),
    layer('integration', ['<rootDir>/test/integration/**/*.spec.ts']),
    layer('e2e', ['<rootDir>/test/e2e/**/*.spec.ts']),
  ],
};
