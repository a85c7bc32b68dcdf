import { fileURLToPath } from 'node:url';

/** Where the build leaves the workflow code, and workers take it from. */
export const WORKFLOW_BUNDLE = fileURLToPath(new URL('../workflow-bundle.js', import.meta.url));
