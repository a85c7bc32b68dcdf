import { z } from 'zod';
import { WEEKDAYS, type CategoryPolicy, type Policy } from '../domain/policy.js';
import { DURATION_FORM, parseDuration } from './duration.js';
import { offerMapping } from './offer-mapping-schema.js';
import { isCalendarDay, isTimeZone, openingHoursFault, sortedHours } from './opening-hours.js';

/** Text to milliseconds. */
function duration(least: '0s' | '1s' | '2s') {
  return z.string().transform((text, context) => {
    const milliseconds = parseDuration(text);
    if (milliseconds !== undefined && milliseconds >= (parseDuration(least) ?? 0)) return milliseconds;
    const message = milliseconds === undefined ? DURATION_FORM : `must be at least ${least}`;
    context.issues.push({ code: 'custom', message, input: text });
    return z.NEVER;
  });
}

const longestFirst = (durations: number[]) => [...new Set(durations)].sort((a, b) => b - a);

const openingHours = z.array(z.string()).check((context) => {
  const message = openingHoursFault(context.value);
  if (message !== undefined) context.issues.push({ code: 'custom', message, input: context.value });
});
const weekday = openingHours.transform(sortedHours).prefault(['08:00-18:00']);
const weekend = openingHours.transform(sortedHours).prefault([]);

const businessHours = z
  .strictObject({
    mon: weekday,
    tue: weekday,
    wed: weekday,
    thu: weekday,
    fri: weekday,
    sat: weekend,
    sun: weekend,
    holidays: z.array(z.string().refine(isCalendarDay, 'must be a day, YYYY-MM-DD')).prefault(['2026-12-25']),
  })
  // Without a single opening hour no business time ever passes, and no stage could become overdue.
  .refine((hours) => WEEKDAYS.some((day) => hours[day].length > 0), 'the week has no opening hours')
  .prefault({});

const DEFAULT_WARNINGS = ['12h', '4h', '1h'].map((text) => parseDuration(text) ?? 0);

const response = z
  .strictObject({
    deadline: duration('1s').prefault('24h'),
    warnBefore: z.array(duration('1s')).optional(),
    onBreach: z.enum(['alert', 'reject']).default('alert'),
  })
  .transform((given, context) => {
    given.warnBefore?.forEach((before, index) => {
      if (before < given.deadline) return;
      const message = 'must be shorter than response.deadline';
      context.issues.push({ code: 'custom', path: ['warnBefore', index], message, input: before });
    });
    // Whoever shortens only the deadline keeps the warnings that still make sense.
    const warnings = given.warnBefore ?? DEFAULT_WARNINGS.filter((before) => before < given.deadline);
    return { ...given, warnBefore: longestFirst(warnings) };
  })
  .prefault({});

const stages = z
  .strictObject({
    contact: duration('1s').prefault('24h'),
    schedule: duration('1s').prefault('5d'),
    installStart: duration('1s').prefault('4h'),
    install: duration('1s').prefault('24h'),
    activate: duration('1s').prefault('24h'),
  })
  .prefault({});

const categoryRules = {
  fulfillment: z.enum(['installation', 'instant']),
  availability: z.enum(['provider', 'coverage', 'manual', 'none']),
  decision: z.enum(['auto', 'manual']),
  ends: z.enum(['active', 'completed']),
};
const category = z.strictObject({
  fulfillment: categoryRules.fulfillment.exactOptional(),
  availability: categoryRules.availability.exactOptional(),
  decision: categoryRules.decision.exactOptional(),
  ends: categoryRules.ends.exactOptional(),
});

const DEFAULT_CATEGORY: CategoryPolicy = {
  fulfillment: 'installation',
  availability: 'provider',
  decision: 'auto',
  ends: 'active',
};
const INSURANCE: CategoryPolicy = { ...DEFAULT_CATEGORY, fulfillment: 'instant', availability: 'none' };

/** Category names are the platform's to add to, so any name in its style will do. */
const categoryName = z.string().regex(/^[a-z][a-z0-9_-]*$/, 'must be a category name in lower case');

const categories = z
  .record(categoryName, category)
  .transform((given): Policy['categories'] => {
    const base = { ...DEFAULT_CATEGORY, ...given['default'] };
    const named = Object.entries(given).map(([name, rules]) => [name, { ...base, ...rules }] as const);
    return { insurance: INSURANCE, ...Object.fromEntries(named), default: base };
  })
  .prefault({});

const offerSync = z
  .strictObject({
    every: duration('1s').prefault('1d'),
    onMissing: z.enum(['inactive', 'ignore']).default('inactive'),
    brake: z
      .strictObject({
        deactivateShare: z.number().min(0).max(1).default(0.2),
        repriceFactor: z.number().min(1).default(2),
      })
      .prefault({}),
    mapping: offerMapping,
  })
  .prefault({});

/** The policy file; what is left out takes the documented default, at any depth. */
export const policySchema: z.ZodType<Policy> = z.strictObject({
  timeZone: z.string().refine(isTimeZone, 'must be an IANA time zone').prefault('America/Los_Angeles'),
  businessHours,
  response,
  acknowledgeAfter: duration('0s').nullable().prefault('2h'),
  stages,
  reminders: z.array(duration('1s')).transform(longestFirst).prefault(['48h', '24h', '30m']),
  noShow: z.strictObject({ maxReschedules: z.int().min(0).default(2) }).prefault({}),
  testOrders: z.enum(['simulate', 'reject', 'review']).default('simulate'),
  duplicates: z
    .strictObject({
      window: duration('0s').prefault('30d'),
      action: z.enum(['review', 'reject', 'ignore']).default('review'),
    })
    .prefault({}),
  categories,
  reconcileEvery: duration('2s').prefault('5m'),
  offerSync,
  retention: z.strictObject({ customerData: duration('0s').prefault('90d') }).prefault({}),
});
