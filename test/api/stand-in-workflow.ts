import { ApplicationFailure, condition, defineSignal, defineUpdate, setHandler } from '@temporalio/workflow';

/** A stand-in for the product's workflow of this name: it answers commands by their note, and knows nothing else. */
export async function fulfillOrderItem(input: { itemId: string; orderId: string }): Promise<void> {
  let finished = false;
  const answered: string[] = [];
  setHandler(
    defineUpdate<object, [{ command: string; text?: string; reason?: string; actor: string }]>('operate'),
    (command) => {
      answered.push(`${command.command} by ${command.actor}`);
      if (command.text === 'finish') finished = true;
      return { ...input, stage: 'decision', waitingFor: answered.join(', ') };
    },
    {
      validator: ({ reason }) => {
        if (reason === 'refuse') throw ApplicationFailure.nonRetryable('Nothing is open.', 'CommandRefused');
        if (reason === 'break') throw ApplicationFailure.nonRetryable('something odd', 'Odd');
      },
    },
  );
  setHandler(defineSignal<[unknown]>('providerEvent'), () => {});
  setHandler(defineSignal<[unknown]>('platformEvent'), () => {});
  await condition(() => finished);
}
