import type {
  EvidenceRecoveryPoint,
  EvidenceRestore,
  EvidenceServer,
  EvidenceTarget,
} from '../../language/generated/drill-evidence.types.ts';
import type { RecordedStep } from '../../language/generated/run-record.types.ts';
import { count, instant, isMapping, items, mapping, measure, text, textMap, texts } from './loose.ts';

/** What the engine knows of a restoring step besides its facts. */
export interface RestoringStep {
  readonly step: RecordedStep;
  /** Environment of the step. */
  readonly environment: string;
  /** The part of the artifact that was restored, in words; undefined for the whole. */
  readonly partial: string | undefined;
}

/** A step's `facts.restore`, each field that has not its shape as null; nothing when the step restored nothing. */
export function restoresOf({ step, environment, partial }: RestoringStep): EvidenceRestore[] {
  const given = step.facts?.['restore'];
  if (!isMapping(given)) return [];
  const artifactPartial = text(given['artifactPartial']);
  return [
    {
      step: step.id,
      environment,
      artifact: text(given['artifact']),
      from: text(given['from']),
      source: text(given['source']) ?? 'unknown',
      partial: partial ?? null,
      ...(artifactPartial !== null && { artifactPartial }),
      sha256: text(given['sha256']),
      manifestSha256: text(given['manifestSha256']),
      versionId: text(given['versionId']),
      createdAt: instant(given['createdAt']),
      recoveryPoint: recoveryPointOf(given['recoveryPoint']),
      recoveryPointAgeMs: measure(given['recoveryPointAgeMs']),
      format: text(given['format']),
      storedBytes: measure(given['storedBytes']),
      rawBytes: measure(given['rawBytes']),
      sourceDatabaseBytes: measure(given['sourceDatabaseBytes']),
      target: targetOf(given['target']),
      dumpedFrom: serverOf(given['dumpedFrom']),
      tools: textMap(given['tools']),
      jobs: count(given['jobs']),
      settings: textMap(given['settings']),
      harmless: items(given['harmless'], (each) => {
        const message = text(each['message']);
        if (message === null) return undefined;
        return { object: text(each['object']) ?? '', message, reason: text(each['reason']) ?? '' };
      }),
      remarks: texts(given['remarks']),
    },
  ];
}

function recoveryPointOf(value: unknown): EvidenceRecoveryPoint | null {
  const given = mapping(value);
  const time = instant(given['time']);
  return time === null ? null : { time, storeTime: instant(given['storeTime']), lsn: text(given['lsn']) };
}

function targetOf(value: unknown): EvidenceTarget | null {
  const given = mapping(value);
  const host = text(given['host']);
  if (host === null) return null;
  return {
    host,
    port: count(given['port']),
    database: text(given['database']),
    serverVersion: text(given['serverVersion']),
    systemIdentifier: text(given['systemIdentifier']),
    databaseBytes: measure(given['databaseBytes']),
  };
}

function serverOf(value: unknown): EvidenceServer | null {
  if (!isMapping(value)) return null;
  return { serverVersion: text(value['serverVersion']), systemIdentifier: text(value['systemIdentifier']) };
}
