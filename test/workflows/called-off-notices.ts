import { expect } from 'vitest';
import type { ReceivedNotification } from '../../sandbox/system/notification-sink.js';
import { codesIn, movesIn, toldOf } from '../support/told.js';
import { expectedOf, type Row } from './cancelled-rows.js';

/** What people have to look at before an order is called off, too. */
const ASKED_BEFORE = ['manual_review', 'availability_unknown', 'event_before_decision'];

/** People were told of each move of the row's order and of no other, and of what they have to look at; each once. */
export function expectTold(row: Row, itemId: string, received: readonly ReceivedNotification[]): void {
  const told = toldOf(itemId, received);
  const moves = movesKnown(row).map((status) =>
    status === 'in_progress' ? 'order.started' : `order.${status}`,
  );
  expect(movesIn(told).sort(), 'moves that people were told of').toEqual(moves.sort());
  const { attention } = expectedOf(row);
  const asked = codesIn(told).filter((code) => !ASKED_BEFORE.includes(code));
  expect(asked, 'what people were asked to look at').toEqual(attention === null ? [] : [attention]);
}

/** All moves but one that the platform took without our knowing, when the next one is on top of it. */
function movesKnown(row: Row): string[] {
  const { scene, source, manner } = row;
  const moves: string[] = expectedOf(row).path.slice(1);
  if (source === 'platform' && manner === 'lost' && scene.inHand?.update !== undefined) moves.splice(-2, 1);
  return moves;
}
