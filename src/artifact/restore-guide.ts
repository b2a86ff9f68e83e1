import { quoteIdentifier } from '../postgres/identifier.ts';
import type { DatabaseLocale } from '../postgres/server-facts.ts';

/** What a guide speaks of. */
export interface RestoreGuide {
  readonly name: string;
  readonly database: string;
  readonly createdAt: Date;
  /** What of the database it holds, in words, and schemas that are made first; absent of a whole one. */
  readonly partial?: { readonly words: string; readonly schemas: readonly string[] };
  /** The repository's location: `s3://bucket/prefix` or a folder. */
  readonly location: string;
  /** Endpoint and region of an S3-compatible store. */
  readonly endpoint?: string;
  readonly region?: string;
  readonly format: 'custom' | 'directory';
  readonly compressed: boolean;
  readonly encrypted: boolean;
  /** Key of the checksums, which name every other file. */
  readonly checksums: string;
  /** Key of the dump, or of the folder of a directory dump. */
  readonly dump: string;
  /** Key of the large objects of a directory dump. */
  readonly largeObjects: string | undefined;
  readonly globals: string | undefined;
  /** Key of owners, privileges and settings as SQL. */
  readonly privileges: string | undefined;
  /** Objects that stock tools cannot make, because they name things without a schema. */
  readonly needSearchPath: readonly string[];
  readonly jobs: number;
  readonly serverMajor: number;
  readonly locale: DatabaseLocale;
}

/**
 * The text of RESTORE.md: how to restore this very artifact with stock tools alone. It holds one block of bash that
 * runs as it stands; what an operator may want otherwise are variables with defaults.
 */
export function renderRestoreGuide(guide: RestoreGuide): string {
  return `# Restore ${guide.name}

A dump of the database ${code(guide.database)} (PostgreSQL ${guide.serverMajor}), begun ${guide.createdAt.toISOString()}.
${guide.partial === undefined ? '' : `**It holds a part of the database: ${plainWords(guide.partial.words)}.** Foreign keys, views and functions that need\nwhat is not in it cannot be made; pg_restore names them and goes on.\n`}It needs nothing of the program that wrote it: only ${toolsOf(guide).map(code).join(', ')}.

Run the block below in bash, in an empty folder. It makes a new database and never touches an existing one.
The server it writes to is chosen by the usual variables of libpq (\`PGHOST\`, \`PGPORT\`, \`PGUSER\`, \`PGPASSWORD\` or a
password file); the role must be allowed to create databases, and extensions where the dump has them.

| variable | meaning | unless set |
|---|---|---|
| \`FROM\` | where the artifact lies: \`s3://bucket/prefix\` or a folder | ${code(guide.location)} |
| \`DATABASE\` | name of the new database | ${code(newDatabase(guide))} |
| \`JOBS\` | tables and indexes restored at a time | ${code(String(guide.jobs))} |
${guide.privileges === undefined ? '' : '| `PRIVILEGES` | `restore`: also owners, privileges and settings, for roles that the server has | `none` |\n'}${guide.encrypted ? '| `IDENTITY` | file with the age identity of one of the recipients | must be set |\n' : ''}
\`\`\`bash
${renderScript(guide)}
\`\`\`
${remarks(guide)}`;
}

function renderScript(guide: RestoreGuide): string {
  return [
    'set -euo pipefail',
    `FROM=\${FROM:-${shellWord(guide.location)}}`,
    `DATABASE=\${DATABASE:-${shellWord(newDatabase(guide))}}`,
    `JOBS=\${JOBS:-${guide.jobs}}`,
    ...(guide.encrypted ? ['IDENTITY=$(realpath "${IDENTITY:?set it to the file of an age identity}")'] : []),
    ...awsSettings(guide),
    '',
    '# Fetch the checksums and every file that they name, and prove that each is what was stored.',
    'fetch() {',
    '  mkdir -p "$(dirname "$1")"',
    '  case $FROM in',
    `    s3://*) ${awsProgram(guide)} s3 cp --only-show-errors "$FROM/$1" "$1" ;;`,
    '    *) cp "$FROM/$1" "$1" ;;',
    '  esac',
    '}',
    `fetch ${shellWord(guide.checksums)}`,
    `while read -r _ file; do fetch "$file"; done < ${shellWord(guide.checksums)}`,
    `sha256sum --check --quiet ${shellWord(guide.checksums)}`,
    '',
    ...(guide.format === 'custom' ? unpackCustom(guide) : unpackDirectory(guide)),
    '',
    ...restoreGlobals(guide),
    '# A new, empty database that stores and sorts text as the old one did, and the dump into it.',
    `createdb ${createdbArguments(guide.locale).map(shellWord).join(' ')} "$DATABASE"`,
    ...makeSchemas(guide),
    `pg_restore --no-owner --no-privileges${exitOnError(guide)} --jobs="$JOBS" --dbname="dbname='$DATABASE'" dump${goOn(guide)}`,
    ...restoreLargeObjects(guide),
    // Not SQL's analyze, which also asks the servers of foreign partitions.
    `vacuumdb --analyze-only --quiet --jobs="$JOBS" --dbname="dbname='$DATABASE'"`,
    ...restorePrivileges(guide),
  ].join('\n');
}

function unpackCustom(guide: RestoreGuide): readonly string[] {
  const steps = unpackSteps(guide);
  if (steps.length === 0) return [`ln -sf ${shellWord(guide.dump)} dump`];
  return ['# Unpack it.', `${chain(steps, shellWord(guide.dump))} > dump`];
}

function unpackDirectory(guide: RestoreGuide): readonly string[] {
  const steps = unpackSteps(guide);
  const folder = shellWord(guide.dump);
  const suffix = `${guide.compressed ? '.zst' : ''}${guide.encrypted ? '.age' : ''}`;
  return [
    '# Unpack it: every large table has a file of its own, the rest is a tar.',
    'mkdir dump',
    `${chain(steps, `${folder}/rest.tar${suffix}`)} | tar --extract --directory=dump`,
    `for file in ${folder}/*.dat${suffix}; do`,
    '  [ -e "$file" ] || continue',
    `  ${chain(steps, '"$file"')} > "dump/$(basename "$file" ${suffix === '' ? "''" : suffix})"`,
    'done',
  ];
}

function unpackSteps(guide: RestoreGuide): readonly string[] {
  return [
    ...(guide.encrypted ? ['age --decrypt --identity "$IDENTITY"'] : []),
    ...(guide.compressed ? ['zstd --decompress --stdout --quiet'] : []),
  ];
}

function chain(steps: readonly string[], file: string): string {
  const [first, ...rest] = steps;
  return first === undefined ? `cat < ${file}` : [`${first} < ${file}`, ...rest].join(' | ');
}

function restoreGlobals(guide: RestoreGuide): readonly string[] {
  if (guide.globals === undefined) return [];
  const steps = guide.encrypted ? ['age --decrypt --identity "$IDENTITY"'] : [];
  return [
    '# Roles without passwords. Those that exist already are reported and left as they are.',
    `${chain(steps, shellWord(guide.globals))} | psql --no-psqlrc --quiet --dbname=postgres`,
    '',
  ];
}

function restoreLargeObjects(guide: RestoreGuide): readonly string[] {
  if (guide.largeObjects === undefined) return [];
  return [
    '# Large objects are a dump of their own.',
    `${chain(unpackSteps(guide), shellWord(guide.largeObjects))} | pg_restore --no-owner --no-privileges --exit-on-error --dbname="dbname='$DATABASE'"`,
  ];
}

/** Schemas that a dump of a part needs and does not make. */
function makeSchemas({ partial }: RestoreGuide): readonly string[] {
  if (partial === undefined || partial.schemas.length === 0) return [];
  const statements = partial.schemas.map(
    (schema) => `create schema if not exists ${quoteIdentifier(schema)};`,
  );
  return [
    `psql --no-psqlrc --quiet --dbname="dbname='$DATABASE'" --command=${shellWord(statements.join(' '))}`,
  ];
}

/** What a part lacks, such as rows that a foreign key needs, must not end a restore of the rest. */
function isWhole({ partial, needSearchPath }: RestoreGuide): boolean {
  return partial === undefined && needSearchPath.length === 0;
}

function exitOnError(guide: RestoreGuide): string {
  return isWhole(guide) ? ' --exit-on-error' : '';
}

function goOn(guide: RestoreGuide): string {
  return isWhole(guide) ? '' : " || echo 'not everything could be made: see above' >&2";
}

/** Within a line of Markdown. */
function plainWords(text: string): string {
  return text.replaceAll(/\s/g, ' ').replaceAll(/[\\`*_<>[\]]/g, String.raw`\$&`);
}

function restorePrivileges(guide: RestoreGuide): readonly string[] {
  const psql = `psql --no-psqlrc --quiet --dbname="dbname='$DATABASE'"`;
  const closing = `${psql} --tuples-only --no-align --command=${shellWord(definers)} | ${psql}`;
  const why = '# Functions that ran as their owner have another one now, and are for that role alone.';
  if (guide.privileges === undefined) return [why, closing];
  const steps = guide.encrypted ? ['age --decrypt --identity "$IDENTITY"'] : [];
  const text = chain(steps, shellWord(guide.privileges));
  return [
    'if [ "${PRIVILEGES:-none}" = restore ]; then',
    '  # Owners, privileges and settings. Roles that are missing are reported, and the rest is done.',
    `  ${text} | ${psql}`,
    'else',
    '  # Everybody loses what everybody had lost.',
    `  ${text} | LC_ALL=C sed --quiet --regexp-extended ${shellWord(ofEverybody)} | ${psql}`,
    `  ${why}`,
    `  ${closing}`,
    'fi',
  ];
}

/**
 * What everybody lost, and what that is written in. A line may as well be the middle of a name with line breaks, which
 * somebody chose: so each is one statement that can only take away, whole quotes included, and nothing that psql or the
 * server would take for the beginning of anything else. What was granted to everybody is not given: of a view or a function
 * it would be in the name of the new owner. Bytes, because a name may be no text.
 */
const ofEverybody = [
  "/^set client_encoding to '[A-Za-z0-9_]+';$",
  String.raw`^revoke ([][A-Za-z0-9_ ,.()]|:"DBNAME"|"[^"]*")+ from public;$/Ip`,
].join('|');

/** Closes functions that run as their owner; those of extensions stay as the extension makes them. */
const definers = [
  `select format('revoke all on routine %s from public;', p.oid::regprocedure)`,
  'from pg_proc p join pg_namespace n on n.oid = p.pronamespace',
  `where p.prosecdef and n.nspname not in ('pg_catalog', 'information_schema')`,
  `and not exists (select from pg_depend where classid = 'pg_proc'::regclass and objid = p.oid and deptype = 'e')`,
].join(' ');

function createdbArguments(locale: DatabaseLocale): readonly string[] {
  return [
    '--template=template0',
    `--encoding=${locale.encoding}`,
    `--lc-collate=${locale.collation}`,
    `--lc-ctype=${locale.characterType}`,
    ...(locale.icu === null ? [] : ['--locale-provider=icu', `--icu-locale=${locale.icu}`]),
  ];
}

function awsSettings(guide: RestoreGuide): readonly string[] {
  return [
    ...(guide.endpoint === undefined
      ? []
      : [`AWS_ENDPOINT_URL=\${AWS_ENDPOINT_URL:-${shellWord(guide.endpoint)}}`]),
    ...(guide.region === undefined
      ? []
      : [`export AWS_DEFAULT_REGION=\${AWS_DEFAULT_REGION:-${shellWord(guide.region)}}`]),
  ];
}

/** By option, because aws before 2.13 (Debian 12 has 2.9) does not read the endpoint's variable. */
function awsProgram(guide: RestoreGuide): string {
  return guide.endpoint === undefined ? 'aws' : 'aws --endpoint-url "$AWS_ENDPOINT_URL"';
}

function remarks(guide: RestoreGuide): string {
  return `
${
  guide.privileges === undefined
    ? 'The restored database belongs to the role that restores it; owners, privileges and settings are not in the dump. Functions with `SECURITY DEFINER` are for that role alone.'
    : `The restored database belongs to the role that restores it, unless \`PRIVILEGES=restore\` was said: owners, privileges and settings (\`alter database … set …\`) are in ${code(guide.privileges)}, which psql runs. Without it nobody may do more than in the old database: what everybody had lost there is taken away here too (but of names with line breaks: look at these), what everybody was granted is not given, and functions with \`SECURITY DEFINER\` are for that role alone.`
}
${guide.globals === undefined ? 'Roles are not in this artifact: create those that row security policies name before restoring.\n' : ''}${guide.needSearchPath.length === 0 ? '' : `pg_restore empties the search path, and these have functions that name things without their schema: it may report them, and go on without them: ${guide.needSearchPath.map(code).join(', ')}.\n`}Where the server lacks the locale ${code(guide.locale.collation)}, give \`createdb\` another one: text then sorts differently.
`;
}

function toolsOf(guide: RestoreGuide): readonly string[] {
  return [
    'createdb',
    'pg_restore',
    'psql',
    'sha256sum',
    ...(guide.compressed ? ['zstd'] : []),
    ...(guide.encrypted ? ['age'] : []),
    ...(guide.format === 'directory' ? ['tar'] : []),
    ...(guide.location.startsWith('s3://') ? ['aws'] : []),
  ];
}

/** A name for the new database that is not the old one's and needs no quoting anywhere. */
function newDatabase(guide: RestoreGuide): string {
  const plain = guide.database.replaceAll(/[^A-Za-z0-9_]/g, '_').slice(0, 40);
  return `${plain}_restored`;
}

/** Markdown code, whatever the text: as many backticks as it takes. */
function code(text: string): string {
  const flat = text.replaceAll(/\s/g, ' ').replaceAll('|', String.raw`\|`);
  return flat.includes('`') ? `\`\` ${flat} \`\`` : `\`${flat}\``;
}

/** One word of bash, quoted only where it must be. */
function shellWord(text: string): string {
  return /^[A-Za-z0-9._%/:=@+,-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
