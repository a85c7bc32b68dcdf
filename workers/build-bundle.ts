import { createRequire } from 'node:module';
import { writeFile } from 'node:fs/promises';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { WORKFLOW_BUNDLE } from './workflow-bundle.js';

/** Part of the build: bundling at start would cost every worker two seconds and a compiler. */
const { code } = await bundleWorkflowCode({
  workflowsPath: createRequire(import.meta.url).resolve('../workflows/index.js'),
  logger: new DefaultLogger('WARN'),
});
await writeFile(WORKFLOW_BUNDLE, code);
