import { describe, expect, test } from 'vitest';
import type { Fulfillment } from '../../domain/policy.js';
import { isDrawn, isFinal, isFurther, isStatus, STATUSES, walk, type Status } from '../../domain/status.js';

/** Read off the platform's order-workflow page and the notes on it, row by row; not off the code. */
const DRAWN: Record<Fulfillment, Record<Status, Status[]>> = {
  installation: {
    pending: ['submitted_to_provider', 'accepted', 'rejected'],
    submitted_to_provider: ['accepted', 'rejected'],
    accepted: ['scheduled', 'cancelled'],
    scheduled: ['scheduled', 'in_progress', 'cancelled'],
    in_progress: ['completed', 'active', 'failed', 'cancelled'],
    completed: ['active'],
    rejected: [],
    active: [],
    cancelled: [],
    failed: [],
  },
  instant: {
    pending: ['submitted_to_provider', 'accepted', 'rejected'],
    submitted_to_provider: ['accepted', 'rejected'],
    accepted: ['scheduled', 'active', 'cancelled'],
    scheduled: ['scheduled', 'in_progress', 'cancelled'],
    in_progress: ['completed', 'active', 'failed', 'cancelled'],
    completed: ['active'],
    rejected: [],
    active: [],
    cancelled: [],
    failed: [],
  },
};

const pairs = STATUSES.flatMap((from) => STATUSES.map((to) => [from, to] as const));

describe.each(['installation', 'instant'] as const)('moves of an %s', (fulfillment) => {
  test.each(pairs)('%s → %s', (from, to) => {
    expect(isDrawn(from, to, fulfillment)).toBe(DRAWN[fulfillment][from].includes(to));
  });

  test.each(pairs)(
    'the walk from %s to %s takes drawn moves only, and is there whenever one can be',
    (from, to) => {
      const path = walk(from, to, fulfillment);
      expect(path !== undefined).toBe(from === to || reachable(from, fulfillment).has(to));
      let here = from;
      for (const next of path ?? []) {
        expect(DRAWN[fulfillment][here]).toContain(next);
        here = next;
      }
      if (path !== undefined) expect(here).toBe(to);
    },
  );
});

function reachable(from: Status, fulfillment: Fulfillment): Set<Status> {
  const found = new Set<Status>();
  const visit = (status: Status) => {
    for (const next of DRAWN[fulfillment][status]) {
      if (found.has(next)) continue;
      found.add(next);
      visit(next);
    }
  };
  visit(from);
  return found;
}

test.each<[Status, Status, Fulfillment, Status[] | undefined]>([
  ['pending', 'accepted', 'installation', ['accepted']],
  ['accepted', 'active', 'installation', ['scheduled', 'in_progress', 'active']],
  ['accepted', 'active', 'instant', ['active']],
  ['accepted', 'completed', 'installation', ['scheduled', 'in_progress', 'completed']],
  ['accepted', 'failed', 'installation', ['scheduled', 'in_progress', 'failed']],
  ['scheduled', 'active', 'installation', ['in_progress', 'active']],
  ['in_progress', 'active', 'installation', ['active']],
  ['completed', 'active', 'installation', ['active']],
  ['active', 'completed', 'installation', undefined],
  ['accepted', 'pending', 'installation', undefined],
  ['accepted', 'rejected', 'installation', undefined],
])('from %s to %s, an %s goes %j', (from, to, fulfillment, path) => {
  expect(walk(from, to, fulfillment)).toEqual(path);
});

test('completed is not final: it may still become active', () => {
  expect(STATUSES.filter(isFinal)).toEqual(['rejected', 'active', 'cancelled', 'failed']);
});

test('further along the straight path, and every bad end beyond it', () => {
  expect(isFurther('scheduled', 'accepted')).toBe(true);
  expect(isFurther('accepted', 'scheduled')).toBe(false);
  expect(isFurther('accepted', 'accepted')).toBe(false);
  expect(isFurther('cancelled', 'in_progress')).toBe(true);
  expect(isFurther('pending', 'cancelled')).toBe(false);
});

test('what is no status of the platform is none of ours', () => {
  expect(STATUSES.every(isStatus)).toBe(true);
  expect(['done', '', 3, null, undefined].some(isStatus)).toBe(false);
});
