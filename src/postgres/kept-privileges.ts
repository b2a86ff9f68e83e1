import { Failure } from '../base/failure.ts';
import { parsePrivilegeStatement, type PrivilegeStatement } from './privilege-statement.ts';
import { nameIn, splitStatements } from './sql-text.ts';

/** The owners and privileges that an artifact keeps, as SQL. */
export interface KeptPrivileges {
  /** Where they lie, for messages. */
  readonly where: string;
  /** Bytes as characters. */
  readonly text: string;
}

/** One of its statements, with what stands around it. */
export interface KeptStatement extends PrivilegeStatement {
  /** What its bytes are in, as Postgres calls it. */
  readonly encoding: string;
  /** Who gives a grant, when that is not the owner; bytes as characters. */
  readonly grantor: string | undefined;
}

/**
 * The statements about owners, privileges and the database itself, in their order.
 * @throws Failure `dump-unusable` with file and line for anything else
 */
export function* keptStatements({ where, text }: KeptPrivileges): Generator<KeptStatement> {
  let encoding = 'UTF8';
  let grantor: string | undefined;
  for (const each of statementsIn(text, where)) {
    const statement = parsePrivilegeStatement(each);
    if (statement === undefined) throw refused(each, { where, text });
    if (statement.kind === 'encoding') encoding = statement.object.name;
    else if (statement.kind === 'authorization') grantor = statement.owner;
    else if (statement.kind !== 'path') yield { ...statement, encoding, grantor };
  }
}

function* statementsIn(text: string, where: string): Generator<string> {
  try {
    yield* splitStatements(text);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    throw new Failure(error.code, `${where} is ${error.message}`, { where });
  }
}

function refused(statement: string, { where, text }: KeptPrivileges): Failure {
  const [first = ''] = statement.split('\n', 1);
  const line = text.slice(0, Math.max(0, text.indexOf(first))).split('\n').length;
  return new Failure(
    'dump-unusable',
    `a statement that is none of owners and privileges as dumps keep them: ${legible(first, 'UTF8').slice(0, 200)}`,
    {
      where: `${where}:${String(line)}`,
      hint: 'Nothing of the file was run. Look at who can write to the repository; `privileges: none` restores without it.',
    },
  );
}

/** Every role that it names, as people read them. */
export function rolesNamed(privileges: KeptPrivileges): ReadonlySet<string> {
  const names = new Set<string>();
  for (const { tokens, roles, grantor, encoding } of keptStatements(privileges)) {
    for (const place of roles) {
      const token = tokens[place];
      if (token !== undefined) names.add(legible(nameIn(token), encoding));
    }
    if (grantor !== undefined) names.add(legible(grantor, encoding));
  }
  return names;
}

/** Bytes as characters, as people read them; of another encoding than UTF-8 what can be shown. */
export function legible(bytes: string, encoding: string): string {
  return encoding === 'UTF8' ? Buffer.from(bytes, 'latin1').toString() : bytes;
}
