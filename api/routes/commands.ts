import { Router } from 'express';
import type { OrderView } from '../../domain/order-view.js';
import type { FindKnownItem } from '../known-item.js';
import { only } from '../middleware/problem-handler.js';
import { bytesOf } from '../middleware/raw-body.js';
import { actorOf, type RequireScope } from '../middleware/require-scope.js';
import type { CommandResult, OperatorDesk } from '../operator-desk.js';
import type { OrderPresenter } from '../order-presenter.js';
import { Problem, unavailable } from '../problem.js';
import { parseCommand } from '../schemas/command.js';
import { jsonObject } from '../schemas/json-object.js';
import { contentHash } from '../schemas/provider-event.js';

/** What operators tell items to do. Answered once the item's decision is durable. */
export function commandRoutes(parts: {
  requireScope: RequireScope;
  findKnownItem: FindKnownItem;
  desk: OperatorDesk;
  presenter: OrderPresenter;
}): Router {
  const { requireScope, findKnownItem, desk, presenter } = parts;
  const router = Router();
  router
    .route('/v1/orders/:itemId/commands')
    .post(requireScope('orders:operate'), async (req, res) => {
      const { itemId } = req.params;
      const command = { ...parseCommand(jsonObject(bytesOf(req))), actor: actorOf(res) };
      const { view } = await findKnownItem(itemId);
      if (view.stage === 'done') throw finished();
      const key = req.get('idempotency-key');
      // With the content in it, a key that is used for another command does not get the first one's answer.
      const updateId = key === undefined ? undefined : contentHash({ key, command });
      res.json(presenter.present(carriedOut(await desk.operate(itemId, command, updateId))));
    })
    .all(only('POST'));
  return router;
}

function carriedOut(result: CommandResult): OrderView {
  switch (result.kind) {
    case 'carried_out':
      return result.view;
    case 'refused':
      throw new Problem(409, result.why);
    case 'finished':
      throw finished();
    case 'not_started':
      throw unavailable('The item was heard of and is not in hand yet. Please try again.');
    case 'unanswered':
      throw unavailable('No worker answered in time; the command may still be carried out.');
    default:
      return result satisfies never;
  }
}

function finished(): Problem {
  return new Problem(409, 'It cannot apply: the item is finished.');
}
