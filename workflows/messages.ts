import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { OperatorCommand } from '../domain/command.js';
import type { OrderView } from '../domain/order-view.js';
import type { PlatformEvent, ProviderEvent } from '../domain/provider-event.js';
import type { OfferSyncDecision } from '../domain/offer-sync-run.js';
import {
  DECIDE_SYNC,
  OPERATE,
  PLATFORM_EVENT,
  PROVIDER_EVENT,
  STATE,
  SYNC_REQUESTED,
} from '../domain/workflow-names.js';

/** Stored by the server even while no worker runs; repeats are told by the event's id. */
export const providerEvent = defineSignal<[ProviderEvent]>(PROVIDER_EVENT);
export const platformEvent = defineSignal<[PlatformEvent]>(PLATFORM_EVENT);
/** Refused with an ApplicationFailure of type `CommandRefused` where the command cannot apply. */
export const operate = defineUpdate<OrderView, [OperatorCommand]>(OPERATE);
export const state = defineQuery<OrderView>(STATE);

/** There may be a run of the offer sync to carry out; what is asked of it is in Postgres. */
export const syncRequested = defineSignal(SYNC_REQUESTED);
/**
 * About the run of this id. Refused likewise, and with `RunNotInHand` where the execution carries out another run or none
 * any more; answered once the run's new status is written down.
 */
export const decideSync = defineUpdate<void, [{ runId: string } & OfferSyncDecision]>(DECIDE_SYNC);

export const COMMAND_REFUSED = 'CommandRefused';
export const RUN_NOT_IN_HAND = 'RunNotInHand';
