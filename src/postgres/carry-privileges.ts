import { firstOf } from '../base/quantity/first-of.ts';
import { Failure } from '../base/failure.ts';
import type { Session } from './connect.ts';
import { findLostPrivileges, type LostPrivilege } from './lost-privileges.ts';
import { readObjectTraits } from './object-traits.ts';
import { privilegeStatements, sameObjects } from './privilege-plan.ts';

/** What became of the owners and privileges of a database's objects. */
export interface CarriedPrivileges {
  /** Objects that both databases have. */
  readonly objects: number;
  /** Statements that changed something. */
  readonly statements: number;
}

/**
 * Gives the objects of the new database the owners and privileges of the old one's (`copy`), and refuses when any role
 * would lose something by the new one (`copy` and `check`). Both sessions are for this alone: their search path changes.
 * @throws Failure `postgres-permission` naming each statement that the role may not run; `target-refused` naming what
 * would be lost; `postgres-*`
 */
export async function carryPrivileges(
  old: Session,
  next: Session,
  mode: 'copy' | 'check',
): Promise<CarriedPrivileges> {
  const model = await readObjectTraits(old);
  const objects = sameObjects(model, await readObjectTraits(next));
  const statements = mode === 'copy' ? privilegeStatements(objects) : [];
  await runAll(next, statements);
  const lost = await findLostPrivileges(next, objects);
  if (lost.length > 0) throw privilegesLost(lost, next.endpoint.database);
  return { objects: objects.length, statements: statements.length };
}

/** Each by itself, so that all that is not allowed is named at once. */
async function runAll(session: Session, statements: readonly string[]): Promise<void> {
  const failures: { readonly statement: string; readonly message: string }[] = [];
  for (const statement of statements) {
    try {
      await session.query(statement);
    } catch (error) {
      if (!(error instanceof Failure) || session.lost.aborted) throw error;
      failures.push({ statement, message: error.message });
    }
  }
  const [first] = failures;
  if (first === undefined) return;
  throw new Failure(
    'postgres-permission',
    `${String(failures.length)} of ${String(statements.length)} statements for owners and privileges failed: ${first.statement}: ${first.message}`,
    {
      hint: 'Let a superuser or a member of the owning roles do it, or say privileges: check or ignore. The live database is as it was.',
      facts: { failures },
    },
  );
}

function privilegesLost(lost: readonly LostPrivilege[], database: string): Failure {
  const words = lost.map(({ role, privilege, object }) => `${role} ${privilege} on ${object}`);
  return new Failure('target-refused', `roles would lose privileges by ${database}: ${firstOf(words)}`, {
    hint: 'Grant them there, or say privileges: copy. The live database is as it was.',
    facts: { lost },
  });
}
