import { setTimeout as sleep } from 'node:timers/promises';
import type { System } from '../system/start-system.js';
import type { LiveLines, Speaker } from './live-lines.js';
import type { OrderAnswer, ProductApi, TimelineLine } from './product-api.js';

/** An order whose life is followed. */
export interface WatchedOrder {
  scene: string;
  itemId: string;
}

export interface Watch {
  /** Follows one more, to its end. */
  add(order: WatchedOrder): void;
  /** How many orders of a scene are not done yet. */
  waiting(scene: string): number;
  /** The product's last answer for an item; forgotten half a minute after its end. */
  latest(itemId: string): OrderAnswer | undefined;
  /** Ends it after one more look. */
  stop(): Promise<void>;
}

const LOOK_EVERY_MS = 250;
/** Records and notifications may come a little after the end. */
const FORGOTTEN_AFTER_MS = 30_000;
const LONGEST_NOTE = 64;

interface Followed extends WatchedOrder {
  told: Set<string>;
  answer?: OrderAnswer;
  doneAt?: number;
}

/** Follows orders: what Offergrid saw of them, what the product's API tells, and what people were notified of. */
export function startWatch(system: System, api: ProductApi, lines: LiveLines): Watch {
  const orders = new Map<string, Followed>();
  let notificationsTold = 0;
  let stopped = false;

  const lookAt = async (order: Followed) => {
    const tellOnce = (key: string, at: string, speaker: Speaker, text: string) => {
      if (order.told.has(key)) return;
      order.told.add(key);
      lines.say(Date.parse(at), order.scene, speaker, text);
    };
    const steps = system.offergrid.control.transitions(order.itemId);
    for (const [index, { at, from, to, by, providerNotes }] of steps.entries()) {
      if (from === null) continue;
      const note = by === 'provider' ? quoted(providerNotes) : `by the ${by}`;
      tellOnce(`move ${index}`, at, 'offergrid', `${from} → ${to}  ${note}`.trimEnd());
    }
    const answer = await api.order(order.itemId);
    if (answer === undefined) return;
    order.answer = answer;
    for (const line of answer.timeline) {
      const text = wording(line);
      if (text !== undefined) tellOnce(`${line.at} ${text}`, line.at, speakerOf(line), text);
    }
    if (answer.stage !== 'done') return;
    order.doneAt ??= Date.now();
    if (Date.now() - order.doneAt > FORGOTTEN_AFTER_MS) orders.delete(order.itemId);
  };

  const lookAtNotifications = () => {
    const received = system.notifications.received();
    for (const { timestamp, type, data } of received.slice(notificationsTold)) {
      const order = orders.get(String(data['itemId']));
      if (order !== undefined && type.startsWith('sla.'))
        lines.say(Date.parse(timestamp), order.scene, 'notified', type);
    }
    notificationsTold = received.length;
  };

  const look = async () => {
    await Promise.all([...orders.values()].map(lookAt));
    lookAtNotifications();
  };
  const running = (async () => {
    while (!stopped) {
      await look();
      await sleep(LOOK_EVERY_MS);
    }
  })();

  return {
    add: (order) => void orders.set(order.itemId, { ...order, told: new Set() }),
    latest: (itemId) => orders.get(itemId)?.answer,
    waiting: (scene) =>
      [...orders.values()].filter((order) => order.scene === scene && order.doneAt === undefined).length,
    async stop() {
      if (stopped) return await running;
      stopped = true;
      await running;
      await look();
    },
  };
}

/** Moves and warnings are told by the platform and the notifications; the rest of the story is the timeline's. */
function wording({ type, actor, note }: TimelineLine): string | undefined {
  if (note === null) return undefined;
  switch (type) {
    case 'command':
      return note;
    case 'event':
      return `${note} (from ${actor})`;
    case 'note':
      return note.startsWith('sla_') ? undefined : note;
    default:
      return undefined;
  }
}

function speakerOf({ type }: TimelineLine): Speaker {
  return type === 'command' ? 'operator' : 'product';
}

function quoted(note: string | undefined): string {
  if (note === undefined) return '';
  return note.length <= LONGEST_NOTE ? `“${note}”` : `“${note.slice(0, LONGEST_NOTE - 1)}…”`;
}
