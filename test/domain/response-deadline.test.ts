import { describe, expect, test } from 'vitest';
import { alarmsFor, answeredSlaState, responseDeadline } from '../../domain/response-deadline.js';
import type { ResponsePolicy } from '../../domain/policy.js';

const HOUR = 3_600_000;
const response: ResponsePolicy = {
  deadline: 24 * HOUR,
  warnBefore: [12 * HOUR, 4 * HOUR, HOUR],
  onBreach: 'alert',
};
const createdAt = Date.parse('2026-01-02T10:00:00Z');

/** Alarms as hours after creation. */
function alarmsHeardAfter(hours: number, policy = response) {
  return alarmsFor(createdAt, createdAt + hours * HOUR, policy).map(({ at, kind }) => [
    kind,
    (at - createdAt) / HOUR,
  ]);
}

test('the deadline is 24 hours of wall clock after creation', () => {
  expect(responseDeadline(createdAt, response)).toBe(Date.parse('2026-01-03T10:00:00Z'));
});

describe('alarms still owed to an item heard of', () => {
  test.each<[number, [string, number][]]>([
    [
      0,
      [
        ['warning', 12],
        ['warning', 20],
        ['warning', 23],
        ['breach', 24],
      ],
    ],
    [
      11.5,
      [
        ['warning', 12],
        ['warning', 20],
        ['warning', 23],
        ['breach', 24],
      ],
    ],
    [
      12,
      [
        ['warning', 12],
        ['warning', 20],
        ['warning', 23],
        ['breach', 24],
      ],
    ],
    [
      13,
      [
        ['warning', 13],
        ['warning', 20],
        ['warning', 23],
        ['breach', 24],
      ],
    ],
    [
      21,
      [
        ['warning', 21],
        ['warning', 23],
        ['breach', 24],
      ],
    ],
    [
      23.5,
      [
        ['warning', 23.5],
        ['breach', 24],
      ],
    ],
    [24, [['breach', 24]]],
    [25, [['breach', 25]]],
  ])('%d h after its creation', (heard, alarms) => {
    expect(alarmsHeardAfter(heard)).toEqual(alarms);
  });

  test('with warnings in any order, and with none', () => {
    const shuffled = { ...response, warnBefore: [HOUR, 12 * HOUR, 4 * HOUR] };
    expect(alarmsHeardAfter(0, shuffled)).toEqual(alarmsHeardAfter(0));
    expect(alarmsHeardAfter(0, { ...response, warnBefore: [] })).toEqual([['breach', 24]]);
  });
});

test.each([
  [-1, 'met'],
  [0, 'met_late'],
  [1, 'met_late'],
])('answered %d ms from the deadline: %s', (offset, state) => {
  const deadline = responseDeadline(createdAt, response);
  expect(answeredSlaState(deadline, deadline + offset)).toBe(state);
});
