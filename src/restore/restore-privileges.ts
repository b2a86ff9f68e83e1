import { firstOf } from '../base/quantity/first-of.ts';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '../base/failure.ts';
import { writeWhole } from '../base/files.ts';
import type { PrivilegesFacts } from '../language/facts.ts';
import { closePrivileges, couldEverybodyConnect } from '../postgres/close-privileges.ts';
import type { Session } from '../postgres/connect.ts';
import { withoutEventTriggers } from '../postgres/event-triggers.ts';
import {
  findMissingRoles,
  givePrivileges,
  makeRoles,
  renderPrivileges,
  whyRefused,
} from '../postgres/give-privileges.ts';
import { quoteIdentifier } from '../postgres/identifier.ts';
import type { KeptPrivileges } from '../postgres/kept-privileges.ts';
import type { RestoreTarget } from '../postgres/restore-target.ts';
import type { TaskContext } from '../task/contract.ts';
import type { RestoreOptions } from './prepare-restore.ts';
import { isPartial } from './ready-database.ts';
import { replacesWhole } from './restore-request.ts';
import { readStoredPrivileges } from './stored-privileges.ts';
import type { LeftObject } from './try-again.ts';

/** What becomes of the source's owners and privileges in the restored database. */
export interface PrivilegesWork {
  /**
   * Before the load: roles are made that policies name, and a new database lets nobody in but its owner until its objects are
   * as they are to be.
   */
  prepare(): Promise<void>;
  /** Gives or closes, and lets in who was let in at the source. `lacks`: some objects are not there, and named elsewhere. */
  settle(lacks: boolean): Promise<SettledPrivileges>;
  /** After everything else that is noted in the comment of a database. */
  comment(): Promise<readonly LeftObject[]>;
}

export interface SettledPrivileges {
  readonly facts: PrivilegesFacts;
  /** Statements that the server refused. */
  readonly refused: readonly LeftObject[];
}

/**
 * Reads and understands what the artifact keeps of owners and privileges, before anything is written.
 * @throws Failure `artifact-missing` when they are to be restored and there are none, `artifact-damaged`, `dump-unusable`
 */
export async function preparePrivileges(
  context: TaskContext,
  options: RestoreOptions,
  maintenance: Session,
  target: RestoreTarget,
): Promise<PrivilegesWork> {
  const kept = await readKept(context, options);
  return createWork(context, options, maintenance, target, kept);
}

async function readKept(
  context: TaskContext,
  { source, request }: RestoreOptions,
): Promise<KeptPrivileges | undefined> {
  const isWanted = request.privileges === 'restore';
  try {
    const kept = source.kind === 'artifact' ? await readStoredPrivileges(source, context) : undefined;
    if (kept === undefined && isWanted) throw noneKept();
    return kept;
  } catch (error) {
    context.signal.throwIfAborted();
    if (isWanted || !(error instanceof Failure)) throw error;
    context.report.warn(`owners and privileges of the source are not known: ${error.message}`);
    return undefined;
  }
}

function noneKept(): Failure {
  return new Failure('artifact-missing', 'the dump has no owners and privileges beside it', {
    hint: 'Restore with `privileges: none`, and grant by hand. Dumps of today keep them.',
  });
}

function createWork(
  context: TaskContext,
  { source, endpoint, request }: RestoreOptions,
  maintenance: Session,
  target: RestoreTarget,
  kept: KeptPrivileges | undefined,
): PrivilegesWork {
  const { report, run } = context;
  const { database } = endpoint;
  const { privileges: mode, ownerMap } = request;
  const isNew =
    target.existing === undefined ||
    request.resume ||
    database === run.scratch ||
    replacesWhole(request, isPartial(source), target);
  const connecting = `connect on database ${quoteIdentifier(database)}`;
  const isPart = source.kind === 'artifact' && source.manifest.partial !== undefined;
  const giving = { database, ownerMap, isPartial: isPart || request.partial !== undefined };

  let made: RolesWork = { facts: {}, refused: [] };

  async function give(
    session: Session,
    part: 'objects' | 'database' | 'comment',
    lacks = false,
  ): Promise<Awaited<ReturnType<typeof givePrivileges>>> {
    if (mode !== 'restore' || kept === undefined) return { statements: 0, refused: [] };
    return givePrivileges(session, kept, {
      ...giving,
      part,
      isPartial: giving.isPartial || lacks,
      onProgress: (done) => {
        report.phase(`owners and privileges: ${String(done)} statements`);
      },
    });
  }

  async function roles(session: Session): Promise<RolesWork> {
    // In a throw-away cluster nobody is in the way of a role, and policies name them.
    const isThrowAway = context.environment.ephemeral === true;
    if (kept === undefined || request.selection.contents === 'data-only') return { facts: {}, refused: [] };
    if (mode === 'none' && !isThrowAway) return { facts: {}, refused: [] };
    const { missing, mapped } = await findMissingRoles(session, kept, ownerMap);
    const rolesMapped = mapped.length === 0 ? {} : { rolesMapped: mapped };
    if (missing.length === 0) return { facts: rolesMapped, refused: [] };
    if (mode === 'report' && !isThrowAway)
      return { facts: { ...rolesMapped, rolesMissing: missing }, refused: [] };
    const refused = await makeRoles(session, missing);
    const made = missing.filter((name) => !refused.some(({ object }) => object === `ROLE ${name}`));
    report.note(`made without login, as the server had no such roles: ${made.join(', ') || 'none'}`);
    return { facts: { ...rolesMapped, rolesMade: made }, refused };
  }

  return {
    prepare: async () => {
      made = await roles(maintenance);
      if (!isNew) return;
      await whyRefused(maintenance, () => maintenance.query(`revoke ${connecting} from public`));
    },
    settle: async (lacks) => {
      if (request.selection.contents === 'data-only')
        return { facts: { mode, closed: [], open: [] }, refused: [] };
      report.phase(
        mode === 'restore' ? 'restoring owners and privileges' : 'closing what was closed at the source',
      );
      await using session = await maintenance.inDatabase(database);
      const { facts, refused: unmade } = made;
      const closing = { privileges: kept, database, isNew, ownerMap, areGiven: mode === 'restore' };
      const { objects, closed, open } = await withoutEventTriggers(session, async () => ({
        objects: await give(session, 'objects', lacks),
        ...(await closePrivileges(session, closing)),
      }));
      if (isNew && couldEverybodyConnect(kept))
        await whyRefused(session, () => session.query(`grant ${connecting} to public`));
      const own = await give(session, 'database');
      tell(closed, open);
      const wouldRun = mode === 'report' && kept !== undefined ? await reportOn(kept) : {};
      if (kept === undefined && source.kind === 'artifact') warnOfUnknown();
      return {
        facts: {
          mode,
          ...facts,
          ...(mode === 'restore' && { statements: objects.statements + own.statements }),
          ...wouldRun,
          closed,
          open,
        },
        refused: [...unmade, ...objects.refused, ...own.refused],
      };
    },
    comment: async () => {
      if (mode !== 'restore' || database === run.scratch) return [];
      await using session = await maintenance.inDatabase(database);
      return (await give(session, 'comment')).refused;
    },
  };

  function tell(closed: readonly string[], open: readonly string[]): void {
    if (closed.length > 0)
      report.note(`closed, because the source had not allowed it: ${firstOf(closed, 10, '; ')}`);
    for (const each of open) report.warn(`wider than at the source, and could not be closed: ${each}`);
  }

  function warnOfUnknown(): void {
    report.warn(
      'the artifact keeps no owners and privileges: whether everybody may do more here than at the source is not known',
    );
  }

  /** The whole text for this database lies beside the run's record; the record names what it is about. */
  async function reportOn(privileges: KeptPrivileges): Promise<Pick<PrivilegesFacts, 'wouldRun' | 'script'>> {
    const { sql, counts } = renderPrivileges(privileges, { database, ownerMap });
    const script = join(context.kept, 'privileges.sql');
    await mkdir(context.kept, { recursive: true, mode: 0o700 });
    await writeWhole(script, sql);
    const words = Object.entries(counts).map(([kind, count]) => `${String(count)} of ${kind}`);
    report.note(`privileges: restore would run ${words.join(', ')}; the statements lie in ${script}`);
    return { wouldRun: counts, script };
  }
}

interface RolesWork {
  readonly facts: Pick<PrivilegesFacts, 'rolesMade' | 'rolesMissing' | 'rolesMapped'>;
  readonly refused: readonly LeftObject[];
}
