import type { DrillEvidence, EvidenceRestore } from '../../language/generated/drill-evidence.types.ts';
import { bytesWords, durationWords, timeWords } from './words.ts';

/** One line of a list of facts; `code` is a hash, a name or a version. */
export interface NamedFact {
  readonly name: string;
  readonly value: string;
  readonly kind: 'text' | 'code';
}

/** Who ran a drill, where, and with what. */
export function placeFacts({ runId, where, run }: DrillEvidence): readonly NamedFact[] {
  return known([
    code('Run', runId),
    text('Started', timeWords(run.startedAt)),
    text('Finished', timeWords(run.finishedAt)),
    text('Whole run', durationWords(run.durationMs)),
    text('Environment', where.environment),
    text('Owner', where.owner),
    text('Host', where.host),
    text('Account', where.account),
    code('Plan file', where.planFile),
    code('Plan sha256', where.planHash),
    code('Parameters', pairs(where.parameters)),
    code('Versions', pairs(where.versions)),
    text('Exit code', run.exitCode === null ? null : String(run.exitCode)),
  ]);
}

/** What was restored, from where, and how. */
export function restoreFacts(restore: EvidenceRestore): readonly NamedFact[] {
  const { recoveryPoint, target, dumpedFrom } = restore;
  return known([
    code('Artifact', restore.artifact),
    text('Partial artifact', restore.artifactPartial ?? null),
    text('Only a part', restore.partial),
    text('From environment', restore.from),
    code('Repository', restore.source),
    code('sha256', restore.sha256),
    code('Manifest sha256', restore.manifestSha256),
    code('Object version', restore.versionId),
    text('Dumped', restore.createdAt === null ? null : timeWords(restore.createdAt)),
    text('Recovery point', recoveryPoint === null ? null : timeWords(recoveryPoint.time)),
    text('Recovery point, store clock', timeOrNothing(recoveryPoint?.storeTime)),
    code('Recovery point, WAL', recoveryPoint?.lsn ?? null),
    text(
      'Recovery point age',
      restore.recoveryPointAgeMs === null ? null : durationWords(restore.recoveryPointAgeMs),
    ),
    text('Format', restore.format),
    text('Stored size', sizeOrNothing(restore.storedBytes)),
    text('Before compression', sizeOrNothing(restore.rawBytes)),
    text('Source database', sizeOrNothing(restore.sourceDatabaseBytes)),
    text('Restored database', sizeOrNothing(target?.databaseBytes)),
    text('Into environment', restore.environment),
    code(
      'Into',
      target === null
        ? null
        : `${target.host}${target.port === null ? '' : `:${target.port}`}/${target.database ?? ''}`,
    ),
    text('Server', target?.serverVersion ?? null),
    code('Server identity', target?.systemIdentifier ?? null),
    text('Dumped server', dumpedFrom?.serverVersion ?? null),
    code('Dumped server identity', dumpedFrom?.systemIdentifier ?? null),
    code('Tools', pairs(restore.tools)),
    text('Jobs', restore.jobs === null ? null : String(restore.jobs)),
    code('Session settings', pairs(restore.settings)),
  ]);
}

type Given = Omit<NamedFact, 'value'> & { readonly value: string | null };

function text(name: string, value: string | null): Given {
  return { name, value, kind: 'text' };
}

function code(name: string, value: string | null): Given {
  return { name, value, kind: 'code' };
}

function known(facts: readonly Given[]): NamedFact[] {
  return facts.flatMap(({ name, value, kind }) =>
    value === null || value === '' ? [] : [{ name, value, kind }],
  );
}

function pairs(map: Readonly<Record<string, string | undefined>>): string {
  return Object.entries(map)
    .map(([name, value]) => `${name} ${value ?? ''}`)
    .join(', ');
}

function timeOrNothing(at: string | null | undefined): string | null {
  return at === undefined || at === null ? null : timeWords(at);
}

function sizeOrNothing(bytes: number | null | undefined): string | null {
  return bytes === undefined || bytes === null ? null : bytesWords(bytes);
}
