import type { Pipeline } from '../../run/pipeline.ts';

/** Whether a run of this pipeline restores something, so that evidence is kept of it. */
export function isDrill({ steps }: Pick<Pipeline, 'steps'>): boolean {
  return steps.some(({ work }) => work.kind === 'task' && work.task.role === 'restore');
}
