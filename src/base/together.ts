/**
 * Does two things at once. The first that fails aborts the signal of both; both are over when this returns, and the
 * failure that came first is thrown.
 */
export async function together<First, Second>(
  signal: AbortSignal,
  first: (signal: AbortSignal) => Promise<First>,
  second: (signal: AbortSignal) => Promise<Second>,
): Promise<readonly [First, Second]> {
  const controller = new AbortController();
  const both = AbortSignal.any([signal, controller.signal]);
  const stop = (error: unknown): never => {
    if (!controller.signal.aborted) controller.abort(error);
    throw error;
  };
  const [one, two] = await Promise.allSettled([first(both).catch(stop), second(both).catch(stop)]);
  // Its reason is what came first, also when what that ended aborts the caller's signal in turn.
  both.throwIfAborted();
  if (one.status === 'rejected' || two.status === 'rejected') throw both.reason;
  return [one.value, two.value];
}
