import type { Fulfillment } from '../domain/policy.js';
import type { ProviderEvent } from '../domain/provider-event.js';

/** What the field would report of a test order, for which nobody drives out. `now` is epoch milliseconds. */
export function simulatedVisit(fulfillment: Fulfillment, now: number): ProviderEvent[] {
  const time = new Date(now).toISOString();
  const source = 'simulation';
  const id = (step: string) => `simulated-${step}`;
  if (fulfillment === 'instant') {
    return [
      {
        id: id('activation'),
        type: 'service.activated',
        time,
        source,
        data: { effectiveDate: time.slice(0, 10) },
      },
    ];
  }
  const visit = { scheduledFor: time, appointmentWindow: 'simulated' };
  return [
    { id: id('appointment'), type: 'appointment.scheduled', time, source, data: visit },
    { id: id('start'), type: 'installation.started', time, source, data: {} },
    {
      id: id('completion'),
      type: 'installation.completed',
      time,
      source,
      data: { accountNumber: 'TEST', activationDate: time.slice(0, 10) },
    },
  ];
}
