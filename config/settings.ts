import type { Policy } from '../domain/policy.js';
import type { EncryptionKey } from './secrets.js';
import type { TemporalSettings } from './temporal.js';

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface OffergridSettings {
  baseUrl: string;
  /** Set wherever the key is required. */
  apiKey: string | undefined;
  /** Switches the reseller side on. */
  resellerApiKey: string | undefined;
  callsPerMinute: number;
  callsPerHour: number;
}

export interface ProviderSettings {
  baseUrl: string;
  apiKey: string;
}

export interface EmailSettings {
  smtpUrl: string;
  from: string;
  to: string[];
}

/** Each channel is on when set. */
export interface NotificationSettings {
  email: EmailSettings | undefined;
  webhook: { url: string; secret: string } | undefined;
  slack: { url: string } | undefined;
  pagerDuty: { routingKey: string; eventsUrl: string } | undefined;
}

/** What every process is told. */
export interface CommonConfig {
  temporal: TemporalSettings;
  encryptionKeys: EncryptionKey[];
  publicUrl: string | undefined;
  temporalUiUrl: string | undefined;
  /** Milliseconds. */
  shutdownGrace: number;
  logLevel: LogLevel;
}

export interface WorkerConfig extends CommonConfig {
  databaseUrl: string;
  offergrid: OffergridSettings & { apiKey: string };
  provider: ProviderSettings | undefined;
  policy: Policy;
  notifications: NotificationSettings;
  host: string;
  /** 0: no health and metrics server. */
  workerPort: number;
}

export interface ApiConfig extends CommonConfig {
  databaseUrl: string;
  offergrid: OffergridSettings;
  webhookSecrets: string[];
  resellerWebhookSecrets: string[];
  host: string;
  port: number;
  adminApiKey: string | undefined;
}

/** What a command of the CLI may ask for beside the common settings. */
export interface CliParts {
  databaseUrl: string;
  offergrid: OffergridSettings & { apiKey: string };
  policy: Policy;
  provider: ProviderSettings | undefined;
}

export type CliConfig<N extends keyof CliParts> = CommonConfig & Pick<CliParts, N>;
