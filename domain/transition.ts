import type { Situation } from './event-plan.js';
import type { OrderView, TimelineEntry } from './order-view.js';

/** Instants the reports are made of, ISO 8601. */
export interface Milestones {
  acceptedAt: string | null;
  respondedAt: string | null;
  finishedAt: string | null;
}

/** What is written down of an item when it moved: the whole view, and the story's new lines. */
export interface Transition {
  itemId: string;
  /** Grows by one with every write of this item: a repeated or overtaken write changes nothing. */
  revision: number;
  view: OrderView;
  situation: Situation;
  milestones: Milestones;
  /** New lines, each under its own number within the item's story. */
  entries: (TimelineEntry & { sequence: number })[];
}
