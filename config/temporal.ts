import { loadClientConnectConfig } from '@temporalio/envconfig';
import { ConfigError } from './config-error.js';
import { readEnv, type RawEnv } from './read-env.js';

type ConnectionOptions = ReturnType<typeof loadClientConnectConfig>['connectionOptions'];

export interface TemporalSettings {
  namespace: string;
  /** For `NativeConnection.connect` and `Connection.connect` alike. */
  connection: ConnectionOptions & { address: string };
}

/**
 * How to reach Temporal, as Temporal's own environment configuration reads `TEMPORAL_*` and its file; `localhost:7233`
 * and namespace `default` when nothing is set.
 * @throws ConfigError when the file, the profile or a certificate cannot be used.
 */
export function loadTemporalConnection(raw: RawEnv = readEnv()): TemporalSettings {
  try {
    const { connectionOptions, namespace } = loadClientConnectConfig({ overrideEnvVars: given(raw) });
    return {
      namespace: namespace ?? 'default',
      connection: { ...connectionOptions, address: connectionOptions.address ?? 'localhost:7233' },
    };
  } catch (error) {
    throw new ConfigError([`TEMPORAL_*: ${firstLine(error)}`]);
  }
}

/** Compose files pass unset variables as blanks, and a blank API key would switch TLS on. */
function given(raw: RawEnv): Record<string, string> {
  const entries = Object.entries(raw).filter(
    (entry): entry is [string, string] =>
      entry[1] !== undefined && (entry[1].trim() !== '' || entry[0].startsWith('TEMPORAL_GRPC_META_')),
  );
  return Object.fromEntries(entries);
}

/** A TOML error goes on with lines of the file, and those may hold keys. */
function firstLine(error: unknown): string {
  const message = error instanceof Error ? error.message : 'cannot be read';
  return message.split('\n', 1)[0] ?? '';
}
