import { renderMoment, type Reading } from '../base/quantity/moment.ts';
import { fields, type Block } from '../base/terminal/blocks.ts';
import { status } from '../base/terminal/status.ts';
import type { Text } from '../base/terminal/text.ts';
import type { RestoreTarget } from '../postgres/restore-target.ts';
import { renderDuration } from '../base/quantity/duration.ts';
import { renderBytes } from '../base/quantity/size.ts';
import { replacesWhole, type RestoreRequest } from '../restore/restore-request.ts';
import { describePartial } from '../artifact/partial.ts';
import { dataTime, stateText } from './artifact-words.ts';
import { estimateMs, type PastRestore } from './estimate.ts';
import type { Settled } from './settle.ts';
import type { ChosenSource } from './source-choice.ts';

/** Everything that is known of a restore before it begins. */
export interface Outlook extends Settled {
  readonly request: RestoreRequest;
  readonly isSourceServer: boolean;
  /** Notes of the preflight. */
  readonly notes: readonly string[];
  readonly past: PastRestore | undefined;
}

type Row = readonly [title: Text, text: Text];

/** What will happen, for a tired person: one fact a line. Pure. */
export function outlookBlock(outlook: Outlook, reading: Reading): Block {
  return fields([
    ...sourceRows(outlook.source, reading),
    ...partRows(outlook.request),
    ...targetRows(outlook),
    ...lossRows(outlook),
    ...outlook.notes.map((note) => ['note', note] as const),
    ...timeRows(outlook, reading),
  ]);
}

/** The same as data for `--json`. */
export function outlookAsData(outlook: Outlook): Readonly<Record<string, unknown>> {
  const { source, to, database, target, request, isSourceServer, notes } = outlook;
  const estimate = estimateOf(outlook);
  return {
    artifact: source.name,
    from: source.kind === 'artifact' ? source.from.name : null,
    bytes: bytesOf(source) ?? null,
    state: source.kind === 'artifact' ? source.artifact.state : null,
    artifactPartial:
      source.kind === 'artifact' && source.facts.partial !== undefined
        ? describePartial(source.facts.partial)
        : null,
    passedOver: source.kind === 'artifact' ? (source.passedOver ?? null) : null,
    recoveryPoint: source.kind === 'artifact' ? source.facts.recoveryPoint.time : null,
    to: to.name,
    protected: to.protected,
    throwAway: to.ephemeral === true,
    host: target?.endpoint.host ?? null,
    port: target?.endpoint.port ?? null,
    database: database ?? null,
    serverVersion: target?.serverVersion ?? null,
    exists: target === undefined ? null : target.existing !== undefined,
    tables: target?.existing?.tables ?? [],
    sourceServer: isSourceServer,
    replace: request.permissions.replace,
    resume: request.resume,
    partial: request.partial ?? null,
    notes,
    estimateMs: estimate ?? null,
  };
}

/** Bytes that are read; unknown of a folder on this host. */
export function bytesOf(source: ChosenSource): number | undefined {
  return source.kind === 'artifact' ? source.facts.dump.storedBytes : source.bytes;
}

function sourceRows(source: ChosenSource, reading: Reading): readonly Row[] {
  const bytes = bytesOf(source);
  if (source.kind === 'file') {
    const size = bytes === undefined ? '' : `, ${renderBytes(bytes)}`;
    return [['dump', `${source.name}, a file of this host${size}`]];
  }
  const { artifact, from } = source;
  const size = bytes === undefined ? '' : `${renderBytes(bytes)}, `;
  return [
    ['artifact', `${artifact.name} of ${from.name}`],
    ['', [size, stateText(artifact, from, reading)].flat()],
    ['data of', renderMoment(dataTime(artifact), reading)],
    ...(source.passedOver === undefined ? [] : [['', source.passedOver] as const]),
  ];
}

function partRows({ partial, roles }: RestoreRequest): readonly Row[] {
  return [
    ...(partial === undefined ? [] : [['only', partial] as const]),
    ...(roles ? [['roles', 'those of the artifact are created where they are missing'] as const] : []),
  ];
}

function targetRows({ to, target, isSourceServer }: Outlook): readonly Row[] {
  if (target === undefined) {
    return [['into', `a throw-away cluster of this host (${to.name}), gone when the run ends`]];
  }
  const { host, port } = target.endpoint;
  const mark = to.protected ? `${to.name}, protected` : to.name;
  return [
    ['server', `${host}:${port} (${mark}), PostgreSQL ${target.serverVersion.split(' ', 1)[0] ?? ''}`],
    ...(isSourceServer ? [['', 'the very server that the artifact was dumped from'] as const] : []),
    ['database', `${target.endpoint.database}, ${existenceWords(target)}`],
    ...(target.endpoint.database === to.postgres?.database
      ? [['', `the database that ${to.name} works with`] as const]
      : []),
  ];
}

function existenceWords({ existing }: RestoreTarget): string {
  if (existing === undefined) return 'a new one';
  if (existing.tables.length === 0) return 'there and empty';
  return `there with tables (${renderBytes(existing.bytes)})`;
}

/** What the restore takes away. */
function lossRows({ target, source, request }: Outlook): readonly Row[] {
  const existing = target?.existing;
  if (existing === undefined || existing.tables.length === 0) return [['replaced', 'nothing']];
  const shown = existing.tables.slice(0, 5).join(', ');
  const tables = existing.tables.length > 5 ? `${shown} and more` : shown;
  if (request.resume) return [['replaced', 'the rows of the unfinished restore, where any may be missing']];
  if (request.selection.contents === 'data-only') {
    return [['replaced', `nothing; rows are added to the tables there (${tables})`]];
  }
  if (!request.permissions.replace) return [['replaced', `would be: ${tables}`]];
  const isPartial = source.kind !== 'artifact' || source.facts.partial !== undefined;
  const isMadeAnew = target !== undefined && replacesWhole(request, isPartial, target);
  return [
    [
      status('LOST'),
      isMadeAnew
        ? 'the database is dropped with all that is in it, its sessions ended, and made anew'
        : 'every table that the dump holds is dropped with its rows and made anew',
    ],
    ['', `there now: ${tables}`],
  ];
}

function timeRows(outlook: Outlook, { now, timeZone }: Reading): readonly Row[] {
  const estimate = estimateOf(outlook);
  if (estimate === undefined || outlook.past === undefined) return [];
  const past = renderMoment(new Date(outlook.past.at), { now, timeZone });
  return [['time', `about ${renderDuration(estimate)}, at the speed of the restore ${past}`]];
}

function estimateOf({ source, past, request }: Outlook): number | undefined {
  const bytes = bytesOf(source);
  if (past === undefined || bytes === undefined || request.partial !== undefined) return undefined;
  return estimateMs(past, bytes);
}
