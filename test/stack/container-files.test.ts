import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { RawEnv } from '../../config/read-env.js';
import { toApiConfig, toWorkerConfig } from '../../config/to-config.js';
import { projectRoot } from '../../sandbox/stack/project-root.js';
import { TEMPORAL_CLI_VERSION } from '../../sandbox/stack/temporal-binary.js';
import { TEST_SERVER_VERSION } from '../../sandbox/stack/time-skipping-server.js';

const read = (...path: string[]) => readFile(join(projectRoot(), ...path), 'utf8');

/** Names that `config/` asks for when these are set. */
function settingsAskedFor(given: RawEnv): string[] {
  const asked = new Set<string>();
  const recording = new Proxy(given, {
    get: (target, name) => {
      asked.add(String(name));
      return Reflect.get(target, name) as unknown;
    },
  });
  for (const toConfig of [toApiConfig, toWorkerConfig]) {
    try {
      toConfig(recording);
    } catch {
      // Which settings are read does not depend on all of them being right.
    }
  }
  return [...asked].filter((name) => /^[A-Z][A-Z_]+$/.test(name)).sort();
}

test('every setting that config/ reads can be set in docker-compose.yml', async () => {
  const compose = await read('docker-compose.yml');
  const offered = [...compose.matchAll(/^ {2}([A-Z][A-Z_]+): /gm)].map(([, name]) => name);
  const channels = {
    NOTIFY_WEBHOOK_URL: 'https://example.test',
    PAGERDUTY_ROUTING_KEY: 'key',
    SMTP_URL: 'smtp://localhost',
    PROVIDER_API_URL: 'https://example.test',
  };
  const asked = settingsAskedFor(channels);
  expect(asked).toContain('OFFERGRID_WEBHOOK_SECRET');
  expect(asked.filter((name) => !name.startsWith('TEMPORAL_') && !offered.includes(name))).toEqual([]);
});

test('the versions named in the code are the ones pinned for the build tools', async () => {
  expect(await read('tools', 'temporal', 'go.mod')).toContain(
    `github.com/temporalio/cli v${TEMPORAL_CLI_VERSION}\n`,
  );
  expect(await read('tools', 'temporal-test-server', 'pom.xml')).toMatch(
    new RegExp(
      `<artifactId>temporal-test-server</artifactId>\\s*<version>${TEST_SERVER_VERSION}</version>\\s*<scope>`,
    ),
  );
});
