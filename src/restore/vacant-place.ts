import { firstOf } from '../base/quantity/first-of.ts';
import { findComparedManifest } from '../artifact/compared-artifact.ts';
import { Failure } from '../base/failure.ts';
import { comparePrivileges } from '../postgres/compare-privileges.ts';
import type { Session } from '../postgres/connect.ts';
import { withoutEventTriggers } from '../postgres/event-triggers.ts';
import {
  findMissingRoles,
  givePrivileges,
  makeRoles,
  type GivingOptions,
  type OwnerMap,
  type RefusedStatement,
} from '../postgres/give-privileges.ts';
import type { KeptPrivileges } from '../postgres/kept-privileges.ts';
import { readServerFacts } from '../postgres/server-facts.ts';
import { takeVacantName, type SwapOptions } from '../postgres/swap-databases.ts';
import type { TaskContext } from '../task/contract.ts';
import { currentPrivileges } from './current-privileges.ts';
import { readStoredPrivileges } from './stored-privileges.ts';

/** A restored database, and the name of one that is gone. */
export interface VacantPlace {
  readonly live: string;
  readonly next: string;
  /** copy: as the artifact keeps them; check: they must be so; ignore: they stay as they are. */
  readonly mode: 'copy' | 'check' | 'ignore';
}

/**
 * Puts a restored database in the place of one that is gone with its server: owners, privileges and settings are those that
 * the artifact keeps, then it takes the name. `session` is in a third database.
 * @returns how many statements were run
 * @throws Failure `artifact-missing` when the artifact keeps none, `postgres-permission` naming what the server refuses,
 * `target-refused` for what is not as the artifact says, `postgres-*`
 */
export async function takeVacantPlace(
  context: TaskContext,
  session: Session,
  place: VacantPlace,
  options: SwapOptions,
): Promise<{ readonly statements: number }> {
  const ownerMap = new Map(Object.entries(context.restored?.privileges?.ownerMap ?? {}));
  const kept = place.mode === 'ignore' ? undefined : await readKept(context);
  const work = { context, place, kept, ownerMap };
  const statements = await prepare(session, work);
  context.report.phase(`renaming ${place.next}`);
  await takeVacantName(session, place, options);
  if (kept !== undefined && place.mode === 'copy')
    await give(session, place.live, kept, { ownerMap, parts: ['comment'] });
  return { statements };
}

interface Work {
  readonly context: TaskContext;
  readonly place: VacantPlace;
  readonly kept: KeptPrivileges | undefined;
  readonly ownerMap: OwnerMap;
}

async function readKept(context: TaskContext): Promise<KeptPrivileges> {
  const source = await findComparedManifest(context, {});
  const kept = await readStoredPrivileges(source, context);
  if (kept !== undefined) return kept;
  throw new Failure(
    'artifact-missing',
    `the live database is gone, and ${source.manifest.name} keeps no owners and privileges`,
    { hint: "Say 'privileges: ignore', and grant by hand." },
  );
}

async function prepare(session: Session, { context, place, kept, ownerMap }: Work): Promise<number> {
  const { report, restored } = context;
  if (kept === undefined) return 0;
  if (place.mode === 'check') {
    await check(session, { context, place, kept, ownerMap });
    return 0;
  }
  report.phase('giving owners and privileges as the artifact keeps them');
  const { missing } = await findMissingRoles(session, kept, ownerMap);
  const unmade = await makeRoles(session, missing);
  if (missing.length > 0)
    report.warn(`made without login, as the server has no such roles: ${missing.join(', ')}`);
  const isPartial = restored?.partial !== undefined || restored?.incomplete !== undefined;
  const given = await give(session, place.next, kept, {
    ownerMap,
    isPartial,
    parts: ['objects', 'database'],
  });
  const refused = [...unmade, ...given.refused];
  if (refused.length > 0) throw notGiven(refused);
  return given.statements;
}

async function give(
  session: Session,
  database: string,
  kept: KeptPrivileges,
  {
    parts,
    isPartial = false,
    ownerMap,
  }: {
    readonly parts: readonly GivingOptions['part'][];
    readonly isPartial?: boolean;
    readonly ownerMap: OwnerMap;
  },
): Promise<{ readonly statements: number; readonly refused: readonly RefusedStatement[] }> {
  await using own = await session.inDatabase(database);
  return await withoutEventTriggers(own, async () => {
    const given: Awaited<ReturnType<typeof givePrivileges>>[] = [];
    for (const part of parts)
      given.push(await givePrivileges(own, kept, { database, ownerMap, isPartial, part }));
    return {
      statements: given.reduce((sum, { statements }) => sum + statements, 0),
      refused: given.flatMap(({ refused }) => refused),
    };
  });
}

async function check(
  session: Session,
  { context, place, kept, ownerMap }: Work & { readonly kept: KeptPrivileges },
): Promise<void> {
  context.report.phase('checking owners and privileges');
  await using own = await session.inDatabase(place.next);
  const found = await currentPrivileges(context, own, await readServerFacts(own));
  const differences = comparePrivileges(kept, found, {
    ownerMap,
    ignoreComment: true,
    isPart: false,
  });
  if (differences.length === 0) return;
  const words = differences.map(
    ({ object, expected, found }) => `${object}: expected ${expected}, found ${found}`,
  );
  throw new Failure(
    'target-refused',
    `owners and privileges of ${place.next} are not as the artifact keeps them: ${firstOf(words, 5, '; ')}`,
    { hint: "Restore with 'privileges: restore', or say privileges: copy.", facts: { differences } },
  );
}

function notGiven(refused: readonly RefusedStatement[]): Failure {
  const [first] = refused;
  return new Failure(
    'postgres-permission',
    `${String(refused.length)} statements for owners and privileges failed: ${first?.statement ?? ''}: ${first?.message ?? ''}`,
    {
      hint: 'Let a superuser or a member of the owning roles do it, or say privileges: ignore. Nothing was renamed.',
      facts: { failures: refused },
    },
  );
}
