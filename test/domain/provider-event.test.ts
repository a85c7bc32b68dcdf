import { describe, expect, test } from 'vitest';
import { eventOf, type FieldCommand } from '../../domain/command.js';
import { readPlatformEvent, readProviderEvent } from '../../domain/provider-event.js';
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
    [{ id: 'e', type: 'appointment.missed', data: { by: 'nobody' } }],
    [{ id: 'e', type: 'order.cancelled', data: { reason: 'r', requestedBy: 'us' } }],
    [{ id: 'e', type: 'order.cancelled', data: { reason: ' ', requestedBy: 'customer' } }],
    [{ id: ' ', type: 'installation.started' }],
  ])('%j', (message) => {
    expect(readProviderEvent(message, NOW)).toBeUndefined();
  });
});

describe('of what a signal carries only what the event has, as it has it, is kept', () => {
  const visit = { scheduledFor: NOW };
  test.each<[string, object | null, object]>([
    ['installation.started', null, {}],
    ['installation.started', { note: null, technicianName: 7, workOrderId: null }, {}],
    ['installation.started', { note: ' ', technicianName: 'Mike', crew: 'B' }, { technicianName: 'Mike' }],
    ['installation.completed', { active: 'no', accountNumber: 12345, activationDate: [] }, {}],
    ['installation.completed', { active: false, accountNumber: 'A' }, { active: false, accountNumber: 'A' }],
    ['appointment.scheduled', { ...visit, appointmentWindow: 5, workOrderId: {}, note: false }, visit],
    ['appointment.rescheduled', { ...visit, technicianPhone: null, constructor: 'x' }, visit],
    ['installation.failed', { reason: 'r', alternative: null }, { reason: 'r' }],
    ['availability.denied', { reason: 'r', alternative: 0 }, { reason: 'r' }],
    ['availability.confirmed', { note: {} }, {}],
    ['service.activated', { policyNumber: true, effectiveDate: NOW }, { effectiveDate: NOW }],
    ['appointment.missed', { by: 'customer', note: 1 }, { by: 'customer' }],
  ])('%s with %j', (type, data, kept) => {
    expect(readProviderEvent({ id: 'e', type, source: 1, time: 7, data }, NOW)).toEqual({
      ...{ id: 'e', type, time: NOW, data: kept },
    });
  });
});

test.each([
  [null, { id: '', type: 'unknown', occurredAt: NOW }],
  [
    { id: 1, type: null, status: {} },
    { id: '', type: 'unknown', occurredAt: NOW },
  ],
  [
    { id: 'h', type: 'reconciled', status: 'pending', occurredAt: NOW, more: 1 },
    { id: 'h', type: 'reconciled', status: 'pending', occurredAt: NOW },
  ],
])('a platform signal with %j is a hint', (message, hint) => {
  expect(readPlatformEvent(message, NOW)).toEqual(hint);
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
