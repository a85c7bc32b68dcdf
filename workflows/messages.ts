import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { OperatorCommand } from '../domain/command.js';
import type { OrderView } from '../domain/order-view.js';
import type { PlatformEvent, ProviderEvent } from '../domain/provider-event.js';
import { OPERATE, PLATFORM_EVENT, PROVIDER_EVENT, STATE } from '../domain/workflow-names.js';

/** Stored by the server even while no worker runs; repeats are told by the event's id. */
export const providerEvent = defineSignal<[ProviderEvent]>(PROVIDER_EVENT);
export const platformEvent = defineSignal<[PlatformEvent]>(PLATFORM_EVENT);
/** Refused with an ApplicationFailure of type `CommandRefused` where the command cannot apply. */
export const operate = defineUpdate<OrderView, [OperatorCommand]>(OPERATE);
export const state = defineQuery<OrderView>(STATE);

export const COMMAND_REFUSED = 'CommandRefused';
