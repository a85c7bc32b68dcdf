import type { Policy } from '../domain/policy.js';
import { ConfigError } from './config-error.js';
import { notificationSettings } from './notifications.js';
import { loadPolicy } from './policy.js';
import type { RawEnv } from './read-env.js';
import { encryptionKeys, webhookSecrets } from './secrets.js';
import { SettingsReader } from './settings-reader.js';
import {
  LOG_LEVELS,
  type ApiConfig,
  type CliConfig,
  type CliParts,
  type CommonConfig,
  type OffergridSettings,
  type ProviderSettings,
  type WorkerConfig,
} from './settings.js';
import { loadTemporalConnection, type TemporalSettings } from './temporal.js';

const MOST_PORT = 65_535;

/** The worker's settings, its policy file read and checked. @throws ConfigError with all problems. */
export function toWorkerConfig(raw: RawEnv): WorkerConfig {
  return checked(raw, (reader) => {
    const provider = providerSettings(reader);
    const policy = readPolicy(reader);
    if (policy !== undefined && reader.text('PROVIDER_API_URL') === undefined) needNoProvider(reader, policy);
    return {
      ...common(reader, raw),
      databaseUrl: databaseUrl(reader),
      offergrid: keyedOffergrid(reader),
      provider,
      policy: policy as Policy,
      notifications: notificationSettings(reader),
      host: reader.text('HOST') ?? '127.0.0.1',
      workerPort: reader.integer('WORKER_PORT', 9464, 0, MOST_PORT),
    };
  });
}

/** The API's settings; it does not read the policy. @throws ConfigError with all problems. */
export function toApiConfig(raw: RawEnv): ApiConfig {
  return checked(raw, (reader) => {
    const secrets = webhookSecrets(reader, 'OFFERGRID_WEBHOOK_SECRET');
    if (secrets.length === 0) reader.problem('OFFERGRID_WEBHOOK_SECRET', 'is required');
    const resellerSecrets = webhookSecrets(reader, 'OFFERGRID_RESELLER_WEBHOOK_SECRET');
    return {
      ...common(reader, raw),
      databaseUrl: databaseUrl(reader),
      offergrid: offergridSettings(reader),
      webhookSecrets: secrets,
      resellerWebhookSecrets: resellerSecrets.length === 0 ? secrets : resellerSecrets,
      host: reader.text('HOST') ?? '127.0.0.1',
      port: reader.integer('PORT', 8080, 0, MOST_PORT),
      adminApiKey: reader.headerKey('ADMIN_API_KEY', 24),
    };
  });
}

/** What one command of the CLI needs, and no more than that. @throws ConfigError with all problems. */
export function toCliConfig<N extends keyof CliParts>(raw: RawEnv, needs: readonly N[]): CliConfig<N> {
  const parts: { [K in keyof CliParts]: (reader: SettingsReader) => CliParts[K] } = {
    databaseUrl,
    offergrid: keyedOffergrid,
    policy: (reader) => readPolicy(reader) as Policy,
    provider: providerSettings,
  };
  return checked(raw, (reader) => {
    const asked = Object.fromEntries(needs.map((need) => [need, parts[need](reader)])) as Pick<CliParts, N>;
    return { ...common(reader, raw), ...asked };
  });
}

/** Whatever `read` returns is whole only if it left no problems behind. */
function checked<T>(raw: RawEnv, read: (reader: SettingsReader) => T): T {
  const reader = new SettingsReader(raw);
  const config = read(reader);
  if (reader.problems.length > 0) throw new ConfigError(reader.problems);
  return config;
}

function common(reader: SettingsReader, raw: RawEnv): CommonConfig {
  return {
    temporal: collected(reader, () => loadTemporalConnection(raw)) as TemporalSettings,
    encryptionKeys: encryptionKeys(reader),
    publicUrl: reader.url('PUBLIC_URL'),
    temporalUiUrl: reader.url('TEMPORAL_UI_URL'),
    shutdownGrace: reader.duration('SHUTDOWN_GRACE', '20s'),
    logLevel: reader.oneOf('LOG_LEVEL', LOG_LEVELS, 'info'),
  };
}

function databaseUrl(reader: SettingsReader): string {
  reader.url('DATABASE_URL', { protocols: ['postgres:', 'postgresql:'] });
  return reader.required('DATABASE_URL');
}

function offergridSettings(reader: SettingsReader): OffergridSettings {
  return {
    baseUrl: reader.url('OFFERGRID_API_URL', { plainOnlyOnLoopback: true }) ?? 'https://api.offergrid.io',
    apiKey: reader.headerKey('OFFERGRID_API_KEY'),
    resellerApiKey: reader.headerKey('OFFERGRID_RESELLER_API_KEY'),
    callsPerMinute: reader.integer('OFFERGRID_CALLS_PER_MINUTE', 100, 1, 1_000_000),
    callsPerHour: reader.integer('OFFERGRID_CALLS_PER_HOUR', 10_000, 1, 1_000_000),
  };
}

function keyedOffergrid(reader: SettingsReader): OffergridSettings & { apiKey: string } {
  const settings = offergridSettings(reader);
  if (settings.apiKey === undefined) reader.problem('OFFERGRID_API_KEY', 'is required');
  return { ...settings, apiKey: settings.apiKey ?? '' };
}

function providerSettings(reader: SettingsReader): ProviderSettings | undefined {
  const baseUrl = reader.url('PROVIDER_API_URL');
  if (baseUrl === undefined) return undefined;
  return {
    baseUrl,
    apiKey: reader.requiredHeaderKey('PROVIDER_API_KEY', 'is required with PROVIDER_API_URL'),
  };
}

function readPolicy(reader: SettingsReader): Policy | undefined {
  const path = reader.text('FULFILLMENT_POLICY') ?? 'config/policy.json';
  return collected(reader, () => loadPolicy(path));
}

function needNoProvider(reader: SettingsReader, policy: Policy): void {
  for (const [category, { availability }] of Object.entries(policy.categories)) {
    if (availability !== 'provider') continue;
    reader.problem(
      `policy categories.${category}.availability`,
      'asks the provider, and PROVIDER_API_URL is not set (set it, or use coverage, manual or none)',
    );
  }
}

function collected<T>(reader: SettingsReader, load: () => T): T | undefined {
  try {
    return load();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    reader.problems.push(...error.problems);
    return undefined;
  }
}
