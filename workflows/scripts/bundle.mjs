// Bundles the workflow once, at build time: a worker that bundles at its start pays some 4 s for it.
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { DefaultLogger, bundleWorkflowCode } from '@temporalio/worker';

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));
const { code } = await bundleWorkflowCode({
  workflowsPath: path('../dist/index.js'),
  payloadConverterPath: path('../dist/payload-converter.js'),
  logger: new DefaultLogger('WARN'),
});
await writeFile(path('../dist/workflow-bundle.js'), code);
