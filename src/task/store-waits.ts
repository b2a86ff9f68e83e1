import { patientLimits, type OnWait, type S3Options } from '../s3/client.ts';
import type { Reporter, TaskContext } from './contract.ts';

/** How a step opens a store of its own: it outlasts a restart of the store, and the record says that it waited. */
export function storeWaits({ clock, report }: Pick<TaskContext, 'clock' | 'report'>): S3Options {
  return { limits: patientLimits, clock, onWait: tellWaits(report) };
}

/** A wait is a phase, which is a sign of life, and once it is over a note of the record. */
export function tellWaits(report: Pick<Reporter, 'phase' | 'note'>): OnWait {
  return ({ text, isOver }) => {
    if (isOver) report.note(text);
    else report.phase(text);
  };
}
