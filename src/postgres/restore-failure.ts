import { Failure, type FailureCode } from '../base/failure.ts';
import { isLater } from './dump-listing.ts';
import type { RestoreMessage } from './restore-messages.ts';

interface Verdict {
  readonly message: RegExp;
  readonly code: FailureCode;
  readonly hint: string;
}

/** What a server's message means for an operator; the first that fits counts. */
const verdicts: readonly Verdict[] = [
  {
    message: /No space left on device|could not extend file|could not write to file/,
    code: 'space-missing',
    hint: "The target's disk is full. Free some space or restore elsewhere; a new database of this run can be dropped.",
  },
  {
    message: /extension "[^"]+" is not available|could not open extension control file/,
    code: 'extension-missing',
    hint: "Install the extension's package on the target server, in the version of its major.",
  },
  {
    message: /^connection to server (?:at|on) .* failed: /,
    code: 'postgres-unreachable',
    hint: "See why the target server turned the restore's connection down.",
  },
  {
    message:
      /server closed the connection|connection to server was lost|terminating connection|no connection to the server|SSL connection has been closed|SSL SYSCALL error/,
    code: 'postgres-connection-lost',
    hint: "See the target server's log.",
  },
  {
    message: /^unsupported version \(.*\) in file header/,
    code: 'tool-missing',
    hint: 'The dump was written by a newer pg_dump: install the client programs of its major.',
  },
  {
    message:
      /^(?:input file (?:does not appear to be|is too short)|did not find magic string|could not read from input file|could not find (?:block ID|header for file)|(?:found )?unexpected block ID|unrecognized (?:data block type|archive format)|entry ID .* out of range|corrupt tar header|could not uncompress data|unexpected end of file|unexpected data offset)/,
    code: 'dump-unusable',
    hint: 'The file is no dump that pg_restore can read, or it is cut off.',
  },
  {
    message: /^permission denied|^must be (?:owner|superuser)/,
    code: 'postgres-permission',
    hint: 'Let the role do it, or restore with a role that may.',
  },
  {
    message: /^role "[^"]+" does not exist/,
    code: 'restore-failed',
    hint: "Create the role first; with 'roles: true' the artifact's own roles are created, where it has them.",
  },
];

/** What an error tells an operator to do, where its like is known. Pure. */
export function hintFor(message: string): string | undefined {
  return verdictOn(message)?.hint;
}

/** Of the rest of a restore nothing would come after these, or all of it would fail alike. */
const ending: readonly FailureCode[] = [
  'space-missing',
  'extension-missing',
  'postgres-unreachable',
  'postgres-connection-lost',
  'tool-missing',
  'dump-unusable',
];

/**
 * Whether a restore goes on after an error, because an object alone could not be made. Rows that the server refuses are
 * damage, unless it did not find what their checks and generated columns name. Pure.
 */
export function isOfOneObject({ object, statement, message }: RestoreMessage): boolean {
  if (object === '' || object.startsWith('BLOB')) return false;
  if (/^(?:DROP|ALTER [A-Z ]+ .* DROP) /.test(statement)) return false;
  const code = verdictOn(message)?.code;
  if (code !== undefined && ending.includes(code)) return false;
  if (code === 'postgres-permission') return isLater(object);
  return !object.startsWith('TABLE DATA ') || toldFirst(message).endsWith(' does not exist');
}

/** The failure of a restore by the errors that pg_restore told: the first in full, the others counted. */
export function failureOfRestore(harmful: readonly RestoreMessage[], database: string): Failure {
  const [first, ...others] = harmful;
  if (first === undefined)
    return new Failure('restore-failed', `pg_restore failed and told no error that could be read`);
  const verdict = verdictOn(first.message);
  const more = others.length === 0 ? '' : `\n(and ${others.length} more errors)`;
  const object = first.object === '' ? '' : `\nobject: ${first.object}`;
  const statement = first.statement === '' ? '' : `\nstatement: ${first.statement}`;
  return new Failure(
    verdict?.code ?? 'restore-failed',
    `restoring into ${database} failed: ${first.message}${object}${statement}${more}`,
    {
      hint:
        verdict?.hint ??
        'The object, the statement and the message are those of the server; the database is not whole.',
      ...(first.object !== '' && { where: first.object, fields: { object: first.object } }),
      facts: { restoreErrors: harmful.map((message) => ({ ...message })) },
    },
  );
}

function verdictOn(message: string): Verdict | undefined {
  const told = firstLine(message);
  return verdicts.find((verdict) => verdict.message.test(told));
}

/** What the server says before details and context; a name in it may have line breaks. */
function toldFirst(message: string): string {
  return message.split(/\n(?=(?:DETAIL|HINT|CONTEXT|QUERY|LINE \d+): )/, 1)[0] ?? '';
}

/** Details and context quote rows, which may say anything. */
function firstLine(message: string): string {
  return message.split('\n', 1)[0] ?? '';
}
