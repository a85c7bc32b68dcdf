import { expect, onTestFinished } from 'vitest';
import type { HttpFault } from '../../sandbox/http/fault-plan.js';
import { LIVE, placeAs, VISIT, type PlacedItem } from '../e2e/placed-item.js';
import { eventually } from '../support/eventually.js';
import { startTestSystem } from '../support/test-system.js';
import { experiment } from './experiment.js';

/** On a slow machine it may come before an answer that is under way, too: then it is one update more. */
const ACKNOWLEDGED = 'submitted_to_provider';

interface Story {
  name: string;
  /** What the platform is to see, each once. */
  moves: string[];
  /** Nobody decides about it but a person. */
  undecided?: boolean;
  /** Waits for each step for so many milliseconds at most. */
  tell: (item: PlacedItem, patience: number) => Promise<void>;
}

const accepted = (item: PlacedItem, within: number) =>
  eventually('the acceptance', () => item.path().includes('accepted'), { within });
const asField = async (item: PlacedItem, within: number, last: string, data: object) => {
  await accepted(item, within);
  await item.reported('appointment.scheduled', VISIT);
  await item.reported('installation.started');
  await item.reported(last, data);
};

/** Between them every status that is ever sent. */
const STORIES: Story[] = [
  {
    name: 'completed',
    moves: ['accepted', 'scheduled', 'in_progress', 'completed', 'active'],
    tell: async (item, within) => {
      await asField(item, within, 'installation.completed', {});
      await eventually('completion', () => item.path().includes('completed'), { within });
      await item.reported('service.activated', LIVE);
    },
  },
  {
    name: 'failed',
    moves: ['accepted', 'scheduled', 'in_progress', 'failed'],
    tell: (item, within) => asField(item, within, 'installation.failed', { reason: 'No conduit' }),
  },
  {
    name: 'cancelled',
    moves: ['accepted', 'cancelled'],
    tell: async (item, within) => {
      await accepted(item, within);
      await item.reported('order.cancelled', { reason: 'Customer withdrew', requestedBy: 'customer' });
    },
  },
  {
    name: 'rejected',
    moves: ['submitted_to_provider', 'rejected'],
    undecided: true,
    tell: async (item, within) => {
      await eventually('the acknowledgement', () => item.path().includes(ACKNOWLEDGED), { within });
      await item.commandedAmongMany('reject', within, { reason: 'No crew' });
    },
  },
];

experiment<{ each: number }>({
  name: 'update applied, reply lost',
  passes: 'one transition at the platform, one call and one notification for each',
  small: { each: 2 },
  full: { each: 50 },
  defect: {
    what: 'an update is repeated without reading the item first',
    file: 'activities/offergrid-activities.js',
    replace: 'attempt === 1 ? repeated :',
    by: 'attempt === 1 ? repeated : false &&',
    seen: /updates of/,
  },
  run: async ({ size, programs, patience }) => {
    const system = await startTestSystem({
      programs,
      policy: { acknowledgeAfter: '5s', reconcileEvery: '1d' },
    });
    onTestFinished(() => system.stop());
    const items = STORIES.flatMap((story) =>
      Array.from({ length: size.each }, (_, n) => ({ story, itemId: `item-${story.name}-${n}` })),
    );
    // The first update of each item to each status is applied, and its reply lost.
    const lost = items.flatMap(({ story, itemId }) =>
      [...new Set([ACKNOWLEDGED, ...story.moves])].map((status): HttpFault => {
        const path = `/provider/orders/${itemId}/status`;
        return { kind: 'drop-reply', method: 'PATCH', path, whenBody: { status }, times: 1 };
      }),
    );
    system.offergrid.control.setFaults(lost);
    const placed = items.map(({ story, itemId }) => ({
      story,
      item: placeAs(
        system,
        itemId,
        story.undecided === true ? { serviceAddress: { street: '9 Unclear Road' } } : {},
      ),
    }));
    await Promise.all(placed.map(({ story, item }) => story.tell(item, patience)));
    const done = () => placed.filter(({ story, item }) => item.path().at(-1) === story.moves.at(-1)).length;
    await eventually('every item to end', () => done() === placed.length, { within: patience, seen: done });

    const statusesSent = new Set<string>();
    let [sent, lostReplies, beyond] = [0, 0, 0];
    for (const { story, item } of placed) {
      await eventually('its end to be known', async () => (await item.shown()).stage === 'done');
      const updates = item.platformCalls().filter(({ method }) => method === 'PATCH');
      const statuses = updates.map(({ body }) => (body as { status: string }).status);
      const moves = statuses[0] === ACKNOWLEDGED ? [...new Set([ACKNOWLEDGED, ...story.moves])] : story.moves;
      expect(statuses, `updates of ${item.itemId}`).toEqual(moves);
      expect(item.path(), `transitions of ${item.itemId}`).toEqual(['pending', ...moves]);
      expect(updates.every(({ faults }) => faults.includes('drop-reply'))).toBe(true);
      const told = () => item.told().filter((type) => /^order\.(?!attention)/.test(type)).length;
      const announced = story.moves.filter((status) => status !== ACKNOWLEDGED).length;
      await eventually('the notifications', () => told() >= announced, { seen: () => item.told() });
      expect(told(), `notifications of ${item.itemId}`).toBe(announced);
      for (const status of statuses) statusesSent.add(status);
      sent += updates.length;
      lostReplies += updates.filter(({ faults }) => faults.includes('drop-reply')).length;
      beyond += item.path().length - 1 - new Set(statuses).size;
    }
    return {
      items: placed.length,
      statuses: statusesSent.size,
      'replies lost': lostReplies,
      'updates sent': sent,
      'transitions beyond': beyond,
    };
  },
});
