import type { Clock } from '../base/clock.ts';
import type { EventSink, RunEvent } from './record/event.ts';

/** An event without its time. */
export type UntimedEvent = RunEvent extends infer Event
  ? Event extends RunEvent
    ? Omit<Event, 'at'>
    : never
  : never;

export type Emit = (event: UntimedEvent) => void;

/** Keys whose text comes from the plan's file or from this program: names that a short secret must not tear apart. */
const structural = new Set([
  'type',
  'at',
  'step',
  'id',
  'runId',
  'plan',
  'planHash',
  'outcome',
  'phase',
  'level',
  'stream',
  'code',
  'action',
]);

/** The one place where events leave the engine: each is timed, redacted, and handed to every sink. */
export function createEmitter(
  clock: Clock,
  redact: (text: string) => string,
  sinks: readonly EventSink[],
): Emit {
  return (event) => {
    const told = redactDeep({ ...event, at: clock.now().toISOString() }, redact) as RunEvent;
    for (const sink of sinks) handOver(sink, told);
  };
}

/** Replaces secrets in every text of nested plain data. */
export function redactDeep(value: unknown, redact: (text: string) => string): unknown {
  if (typeof value === 'string') return redact(value);
  if (Array.isArray(value)) return value.map((item: unknown) => redactDeep(item, redact));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]: [string, unknown]) => [
      redact(key),
      structural.has(key) && typeof item === 'string' ? item : redactDeep(item, redact),
    ]),
  );
}

function handOver(sink: EventSink, event: RunEvent): void {
  try {
    sink.handle(event);
  } catch {
    // A view that breaks its promise not to throw must not end a backup.
  }
}
