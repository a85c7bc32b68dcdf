import { DURATION_FORM, parseDuration } from './duration.js';
import type { RawEnv } from './read-env.js';

export interface UrlRule {
  /** With colon; default `http:` and `https:`. */
  protocols?: readonly string[];
  /** Refuse `http:` unless the host is this machine. */
  plainOnlyOnLoopback?: boolean;
}

/**
 * Reads checked values out of the environment and collects what is wrong. A method that found a problem returns a
 * stand-in, so the caller looks at `problems` before it uses anything. Blank is the same as not set: compose files
 * pass unset variables that way. No value is ever repeated in a problem.
 */
export class SettingsReader {
  readonly problems: string[] = [];

  constructor(private readonly raw: RawEnv) {}

  problem(name: string, what: string): void {
    this.problems.push(`${name}: ${what}`);
  }

  text(name: string): string | undefined {
    const value = this.raw[name]?.trim();
    return value === '' ? undefined : value;
  }

  required(name: string, why = 'is required'): string {
    const value = this.text(name);
    if (value === undefined) this.problem(name, why);
    return value ?? '';
  }

  /** A key that travels in a header; fetch repeats a malformed header's value in its error, so it must not get there. */
  headerKey(name: string, least = 1): string | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    if (!/^[\x21-\x7e]+$/.test(value)) this.problem(name, 'must be printable ASCII without spaces');
    else if (value.length < least) this.problem(name, `must have at least ${least} characters`);
    return value;
  }

  requiredHeaderKey(name: string, why = 'is required'): string {
    const value = this.headerKey(name);
    if (value === undefined) this.problem(name, why);
    return value ?? '';
  }

  list(name: string): string[] {
    return (this.text(name) ?? '')
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== '');
  }

  /** Whole numbers only. */
  integer(name: string, fallback: number, least: number, most: number): number {
    const value = this.text(name);
    if (value === undefined) return fallback;
    const number = /^\d{1,15}$/.test(value) ? Number(value) : NaN;
    if (number >= least && number <= most) return number;
    this.problem(name, `must be a whole number from ${least} to ${most}`);
    return fallback;
  }

  /** Milliseconds. */
  duration(name: string, fallback: string): number {
    const milliseconds = parseDuration(this.text(name) ?? fallback);
    if (milliseconds === undefined) this.problem(name, DURATION_FORM);
    return milliseconds ?? 0;
  }

  oneOf<T extends string>(name: string, allowed: readonly T[], fallback: T): T {
    const value = this.text(name) ?? fallback;
    const known = allowed.find((one) => one === value);
    if (known === undefined) this.problem(name, `must be one of ${allowed.join(', ')}`);
    return known ?? fallback;
  }

  /** An address without trailing slash, so that paths can be appended. */
  url(name: string, rule: UrlRule = {}): string | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    const wrong = URL.canParse(value) ? faultOf(new URL(value), rule) : 'must be an absolute address';
    if (wrong !== undefined) this.problem(name, wrong);
    return value.replace(/\/+$/, '');
  }
}

function faultOf(url: URL, { protocols = ['http:', 'https:'], plainOnlyOnLoopback = false }: UrlRule) {
  if (!protocols.includes(url.protocol)) {
    return `must begin with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`;
  }
  const web = url.protocol === 'http:' || url.protocol === 'https:';
  if (web && (url.username !== '' || url.password !== '')) return 'must not carry a user name or password';
  if (url.protocol === 'http:' && plainOnlyOnLoopback && !isLoopback(url.hostname)) {
    return 'must be https:// (http:// is allowed for loopback hosts only)';
  }
  return undefined;
}

/** URL parsing has already normalised the ways to write an address. */
function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host);
}
