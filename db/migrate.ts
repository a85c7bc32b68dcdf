import { fileURLToPath, pathToFileURL } from 'node:url';
import { runner, type MigrationBuilder } from 'node-pg-migrate';

/**
 * Brings the database up to this version; names the migrations it ran. Safe to run from several processes at once: they
 * wait for one another at an advisory lock.
 */
export async function migrate(url: string, log: (line: string) => void = () => {}): Promise<string[]> {
  const ran = await runner({
    databaseUrl: url,
    dir: fileURLToPath(new URL('./migrations', import.meta.url)),
    // Source maps lie beside the compiled migrations.
    ignorePattern: '(\\..*|.*\\.map)',
    migrationsTable: 'schema_migrations',
    direction: 'up',
    advisoryLockMode: 'wait',
    migrationLoaderStrategies: [{ extensions: ['.ts', '.js'], loader: loadModules }],
    log,
  });
  return ran.map(({ name }) => name);
}

interface MigrationModule {
  up(pgm: MigrationBuilder): void;
  down(pgm: MigrationBuilder): void;
}

/** As Node loads any module: the built-in loader would transpile each file and leave a cache behind. */
async function loadModules(paths: string[]) {
  return Promise.all(
    paths.map(async (path) => ({
      id: path,
      filePaths: [path],
      actions: (await import(pathToFileURL(path).href)) as MigrationModule,
    })),
  );
}
