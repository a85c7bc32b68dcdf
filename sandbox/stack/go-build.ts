import { join } from 'node:path';
import { reportOnStderr, withProgress, type Report } from './progress.js';
import { projectRoot } from './project-root.js';
import { runCommand } from './run-command.js';

/** Four minutes on two cores with a cold cache; a slow machine and network get the rest. */
const BUILD_TIMEOUT_MS = 20 * 60_000;

/**
 * Builds the pinned Temporal CLI of tools/temporal into `target`.
 * @param version what the binary calls itself. @throws Error without Go, or with the end of the build's output
 */
export async function buildTemporalWithGo(
  version: string,
  target: string,
  report: Report = reportOnStderr,
): Promise<void> {
  let packages = 0;
  const build = runCommand({
    name: 'go build',
    command: 'go',
    args: [
      ...['build', '-v', '-buildvcs=false', '-mod=readonly', '-o', target],
      `-ldflags=-s -w -X github.com/temporalio/cli/internal/temporalcli.Version=${version}`,
      'github.com/temporalio/cli/cmd/temporal',
    ],
    cwd: join(projectRoot(), 'tools', 'temporal'),
    // Its own settings (GOPROXY, GOFLAGS, proxies) are in there.
    env: process.env,
    timeoutMs: BUILD_TIMEOUT_MS,
    // -v prints one line for each package that is not in Go's cache.
    onOutput: (text) => (packages += text.split('\n').length - 1),
  });
  const what = `Building Temporal CLI ${version} with Go (once; some minutes)`;
  await withProgress(report, what, build, () => `, ${packages} packages`);
}
