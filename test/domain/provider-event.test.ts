import { describe, expect, test } from 'vitest';
import { eventOf, type FieldCommand } from '../../domain/command.js';
import { readProviderEvent } from '../../domain/provider-event.js';
import { mostUrgent, type Attention } from '../../domain/attention.js';
import { categoryPolicy, type Policy } from '../../domain/policy.js';

const NOW = '2026-01-02T10:00:00.000Z';

test('a signal with all an event needs is one; what it leaves out is filled in', () => {
  expect(readProviderEvent({ id: 'e', type: 'installation.started' }, NOW)).toEqual({
    id: 'e',
    type: 'installation.started',
    time: NOW,
    data: {},
  });
});

describe('no provider event', () => {
  test.each([
    [null],
    ['text'],
    [{}],
    [{ id: 1, type: 'installation.started' }],
    [{ id: 'e', type: 'toString' }],
    [{ id: 'e', type: 'installation.failed', data: {} }],
    [{ id: 'e', type: 'installation.started', data: 'x' }],
    [{ id: 'e', type: 'appointment.scheduled', data: { scheduledFor: 'tomorrow' } }],
  ])('%j', (message) => {
    expect(readProviderEvent(message, NOW)).toBeUndefined();
  });
});

test.each<[FieldCommand, object]>([
  [
    { command: 'schedule', scheduledFor: NOW },
    { type: 'appointment.scheduled', data: { scheduledFor: NOW } },
  ],
  [
    { command: 'start', note: 'n' },
    { type: 'installation.started', data: { note: 'n' } },
  ],
  [
    { command: 'complete', accountNumber: 'A' },
    { type: 'installation.completed', data: { accountNumber: 'A' } },
  ],
  [
    { command: 'activate', policyNumber: 'P' },
    { type: 'service.activated', data: { policyNumber: 'P' } },
  ],
  [
    { command: 'fail', reason: 'r' },
    { type: 'installation.failed', data: { reason: 'r' } },
  ],
  [
    { command: 'cancel', reason: 'r' },
    { type: 'order.cancelled', data: { reason: 'r', requestedBy: 'provider' } },
  ],
  [
    { command: 'cancel', reason: 'r', requestedBy: 'customer' },
    { type: 'order.cancelled', data: { reason: 'r', requestedBy: 'customer' } },
  ],
])('%j says what the field would have said', (command, said) => {
  expect(eventOf(command, 'c-1', NOW)).toEqual({ id: 'c-1', time: NOW, ...said });
});

test('of several reasons to look at an item the most urgent is shown', () => {
  const raised = (code: Attention['code']): Attention => ({ code, since: NOW, message: code });
  expect(mostUrgent([])).toBeNull();
  expect(mostUrgent([raised('sla_at_risk'), raised('sla_breached'), raised('manual_review')])?.code).toBe(
    'sla_breached',
  );
  expect(mostUrgent([raised('offergrid_unreachable'), raised('drift')])?.code).toBe('drift');
});

test('a category the policy does not name follows the default', () => {
  const base = {
    fulfillment: 'installation',
    availability: 'none',
    decision: 'auto',
    ends: 'active',
  } as const;
  const insurance = { ...base, fulfillment: 'instant' } as const;
  const policy = { categories: { default: base, insurance } } as unknown as Policy;
  expect(categoryPolicy(policy, 'insurance')).toBe(insurance);
  expect(categoryPolicy(policy, 'internet')).toBe(base);
  expect(categoryPolicy(policy, 'constructor')).toBe(base);
  expect(categoryPolicy(policy, null)).toBe(base);
});
