import type {
  EvidenceCheck,
  EvidenceComparison,
  EvidencePhase,
  EvidenceProbes,
  EvidenceSignOff,
  EvidenceTests,
} from '../../language/generated/drill-evidence.types.ts';
import type { RecordedStep } from '../../language/generated/run-record.types.ts';
import { count, instant, items, mapping, measure, text, word, type Loose } from './loose.ts';

/**
 * What a step's facts tell, in the shapes of src/task/facts.ts. Facts come from any task: each entry that has not its
 * shape is left out.
 */

export function checksOf({ id, facts }: RecordedStep): EvidenceCheck[] {
  return items(facts?.['checks'], (check) => {
    const name = text(check['name']);
    const state = word(check['state'], ['passed', 'failed']);
    if (name === null || state === null) return undefined;
    return {
      step: id,
      name,
      state,
      expected: text(check['expected']),
      found: text(check['found']),
      message: text(check['message']),
      durationMs: measure(check['durationMs']),
    };
  });
}

export function testsOf({ id, facts }: RecordedStep): EvidenceTests[] {
  const report = mapping(facts?.['tests']);
  const tests = count(report['tests']);
  if (tests === null) return [];
  return [
    {
      step: id,
      tests,
      failures: count(report['failures']) ?? 0,
      errors: count(report['errors']) ?? 0,
      skipped: count(report['skipped']) ?? 0,
      durationMs: measure(report['durationMs']) ?? 0,
      failed: items(report['failed'], (test) => {
        const name = text(test['name']);
        return name === null ? undefined : { name, message: text(test['message']) ?? '' };
      }),
    },
  ];
}

export function comparisonsOf({ id, facts }: RecordedStep): EvidenceComparison[] {
  const compare = mapping(facts?.['compare']);
  const mode = word(compare['mode'], ['counts', 'content', 'none']);
  const tables = count(compare['tables']);
  const rows = count(compare['rows']);
  if (mode === null || tables === null || rows === null) return [];
  const differences = items(compare['differences'], (difference) => {
    const table = text(difference['table']);
    if (table === null) return undefined;
    return { table, expected: text(difference['expected']) ?? '', found: text(difference['found']) ?? '' };
  });
  return [{ step: id, mode, artifact: text(compare['artifact']), tables, rows, differences }];
}

export function signOffsOf({ id, facts }: RecordedStep): EvidenceSignOff[] {
  const signOff = mapping(facts?.['signOff']);
  const check = text(signOff['check']);
  const state = word(signOff['state'], ['open', 'signed', 'rejected']);
  if (check === null || state === null) return [];
  return [
    {
      step: id,
      check,
      text: text(signOff['text']) ?? '',
      state,
      by: text(signOff['by']),
      at: instant(signOff['at']),
      note: null,
    },
  ];
}

export function probesOf({ id, facts }: RecordedStep): EvidenceProbes[] {
  const read = (probe: Loose): EvidenceProbes | undefined => {
    const probes = count(probe['probes']);
    const errors = count(probe['errors']);
    if (probes === null || errors === null) return undefined;
    return {
      step: id,
      probes,
      errors,
      errorRate: Math.min(1, measure(probe['errorRate']) ?? (probes === 0 ? 0 : errors / probes)),
      p95Ms: measure(probe['p95Ms']),
      durationMs: measure(probe['durationMs']) ?? 0,
    };
  };
  const given = facts?.['probes'];
  return items(Array.isArray(given) ? given : [given], read);
}

/** The parts of a step that its restore told. */
export function phasesOf({ facts }: RecordedStep): EvidencePhase[] {
  return items(mapping(facts?.['restore'])['phases'], (phase) => {
    const name = text(phase['name']);
    const offsetMs = measure(phase['offsetMs']);
    const durationMs = measure(phase['durationMs']);
    if (name === null || offsetMs === null || durationMs === null) return undefined;
    const bytes = measure(phase['bytes']);
    return { name, offsetMs, durationMs, bytes, megabytesPerSecond: rateOf(bytes, durationMs) };
  });
}

function rateOf(bytes: number | null, durationMs: number): number | null {
  return bytes === null ? null : Math.round(bytes / Math.max(1, durationMs) / 10) / 100;
}
