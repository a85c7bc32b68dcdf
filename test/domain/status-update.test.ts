import { describe, expect, test } from 'vitest';
import { factsIn, METADATA_KEYS } from '../../domain/facts.js';
import { noteFor, updateFor, type NoteContext, type Step } from '../../domain/status-update.js';

const context: NoteContext = {
  timeZone: 'America/Los_Angeles',
  contactWithin: 24 * 3_600_000,
  facts: { technicianName: 'Mike Johnson', accountNumber: '12345', workOrderId: 'wo-1' },
};

/** Each step with what its note must say: what happened, and what happens next. */
const NOTES: [Step, RegExp, RegExp][] = [
  [{ status: 'submitted_to_provider' }, /received/, /will accept or reject/],
  [{ status: 'accepted', fulfillment: 'installation' }, /accepted/, /contacted within 24 hours/],
  [{ status: 'accepted', fulfillment: 'instant' }, /accepted/, /being activated/],
  [
    {
      status: 'rejected',
      reason: 'No fiber in the building',
      reasonCode: 'not_available',
      alternative: 'Cable',
    },
    /No fiber in the building\./,
    /Alternative: Cable\. .*closed/,
  ],
  [
    {
      status: 'scheduled',
      scheduledFor: '2026-01-15T21:00:00Z',
      window: '1-5 PM',
      recorded: true,
      again: false,
    },
    /scheduled for Thu, Jan 15, 1-5 PM \(America\/Los_Angeles\)/,
    /at home/,
  ],
  [
    { status: 'scheduled', scheduledFor: '2026-01-16T02:00:00Z', recorded: true, again: true },
    /moved to Thu, Jan 15, 6:00 PM/,
    /at home/,
  ],
  [
    { status: 'scheduled', scheduledFor: '2026-01-15T21:00:00Z', recorded: false, again: false },
    /no appointment was recorded/,
    /goes on/,
  ],
  [{ status: 'in_progress', recorded: true }, /on site/, /next/],
  [{ status: 'in_progress', recorded: false }, /carried out/, /next/],
  [{ status: 'completed', activationFollows: true }, /completed/, /activated next/],
  [{ status: 'completed', activationFollows: false }, /completed/, /Nothing is left/],
  [{ status: 'active' }, /activated/, /can use the service now/],
  [
    { status: 'cancelled', reason: 'Moved away', requestedBy: 'customer' },
    /Moved away\. .*customer's request/,
    /No further/,
  ],
  [{ status: 'cancelled', reason: 'No capacity', requestedBy: 'provider' }, /by us/, /No further/],
  [{ status: 'failed', reason: 'Wiring', reasonCode: 'installation_failed' }, /Wiring\./, /next steps/],
];

describe('notes say what happened and what happens next', () => {
  test.each(NOTES.map(([step, happened, next]) => [step.status, step, happened, next] as const))(
    '%s',
    (_, step, happened, next) => {
      expect(noteFor(step, context)).toMatch(happened);
      expect(noteFor(step, context)).toMatch(next);
    },
  );
});

test('every update carries all facts so far, under the agreed keys', () => {
  const update = updateFor({ status: 'in_progress', recorded: true }, context);
  expect(update.metadata).toEqual(context.facts);
  expect(
    Object.keys(update.metadata).every((key) => (METADATA_KEYS as readonly string[]).includes(key)),
  ).toBe(true);
  expect(update).not.toHaveProperty('scheduledFor');
});

test('scheduled carries the instant, rejected and failed their code and alternative', () => {
  const scheduledFor = '2026-01-15T21:00:00Z';
  expect(
    updateFor({ status: 'scheduled', scheduledFor, recorded: true, again: false }, context),
  ).toMatchObject({ scheduledFor });
  const rejected = updateFor(
    { status: 'rejected', reason: 'R', reasonCode: 'not_available', alternative: 'Cable' },
    context,
  );
  expect(rejected.metadata).toMatchObject({ reasonCode: 'not_available', alternative: 'Cable' });
  const failed = updateFor({ status: 'failed', reason: 'R', reasonCode: 'installation_failed' }, context);
  expect(failed.metadata).toMatchObject({ reasonCode: 'installation_failed' });
  expect(failed.metadata).not.toHaveProperty('alternative');
});

test('facts are the agreed keys of an event that hold text', () => {
  expect(
    factsIn({ technicianName: ' Mike ', accountNumber: '', workOrderId: 7, note: 'x', scheduledFor: 'y' }),
  ).toEqual({
    technicianName: 'Mike',
  });
});
