import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import ts from 'typescript';
import { projectRoot } from '../../sandbox/stack/project-root.js';

/**
 * The stack as JavaScript, for tests that kill the process in which it runs: what is tested are today's sources, not
 * the last build. Inside node_modules, so that imports of packages resolve.
 */
export async function compileStack(): Promise<{ folder: string; remove: () => Promise<void> }> {
  const source = join(projectRoot(), 'sandbox', 'stack');
  const cache = join(projectRoot(), 'node_modules', '.cache');
  await mkdir(cache, { recursive: true });
  const folder = await mkdtemp(join(cache, 'stack-'));
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
  const compilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023 };
  for (const file of await readdir(source)) {
    const { outputText } = ts.transpileModule(await readFile(join(source, file), 'utf8'), {
      compilerOptions,
    });
    await writeFile(join(folder, file.replace(/\.ts$/, '.js')), outputText);
  }
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}
