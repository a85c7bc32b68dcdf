import { CancellationScope, condition, isCancellation } from '@temporalio/workflow';

/** Calls; once `needless` holds, or the workflow is cancelled, the call is cancelled, and null is what came of it. */
export async function unless<T>(needless: () => boolean, call: () => Promise<T>): Promise<T | null> {
  if (needless()) return null;
  const scope = new CancellationScope();
  let over = false;
  void condition(() => over || needless()).then(
    () => {
      if (!over) scope.cancel();
    },
    // The workflow was cancelled, and the call with it.
    () => undefined,
  );
  try {
    return await scope.run(call);
  } catch (error) {
    // The last attempt may also fail by itself, and is not repeated then.
    if (isCancellation(error) || scope.consideredCancelled) return null;
    throw error;
  } finally {
    over = true;
  }
}
