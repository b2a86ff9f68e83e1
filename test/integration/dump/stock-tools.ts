import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { chooseServerInstallation } from '../../../src/postgres/server-installation.ts';
import type { Services } from '../../services/services.ts';

const run = promisify(execFile);

/** The variables by which stock tools reach the services' server. */
export function libpqVariables(services: Services): Readonly<Record<string, string>> {
  const { host, port, user, password } = services.postgres;
  return { PGHOST: host, PGPORT: String(port), PGUSER: user, PGPASSWORD: password };
}

/** The one block of bash in a RESTORE.md. */
export async function bashBlockOf(guide: string): Promise<string> {
  const blocks = [...(await readFile(guide, 'utf8')).matchAll(/^```bash\n([^]*?)^```$/gm)];
  const [block] = blocks;
  if (blocks.length !== 1 || block?.[1] === undefined) {
    throw new Error(`${guide} has ${blocks.length} blocks of bash`);
  }
  return block[1];
}

/** Executes a RESTORE.md's block in an empty folder, with nothing but stock tools and the variables given. */
export async function followGuide(
  guide: string,
  folder: string,
  variables: Readonly<Record<string, string>>,
): Promise<void> {
  const script = join(folder, 'restore.sh');
  await writeFile(script, await bashBlockOf(guide));
  await run('bash', [script], {
    cwd: folder,
    env: { PATH: process.env['PATH'] ?? '', HOME: folder, ...variables },
    maxBuffer: 1 << 24,
  });
}

/** What a plain pg_dump says of a database, without the random tokens that recent versions put around it. */
export async function plainDump(services: Services, database: string): Promise<string> {
  const { program, client, environment } = await plainDumper(services);
  const options = { env: environment, maxBuffer: 1 << 26 };
  const dumped = await run(program, plainOptions(database), options);
  const objects = await run(client, [...listObjects, plainOptions(database)[3]], options);
  return dumped.stdout.replaceAll(/^\\(un)?restrict .*$/gm, '') + objects.stdout;
}

/** Fails with the first difference between the plain dumps of two databases, which may be of any size. */
export async function expectEqual(services: Services, one: string, other: string): Promise<void> {
  const { program, client, environment } = await plainDumper(services);
  const script = `say() { "$DUMP" "$@" | sed -E '/^\\\\(un)?restrict /d'
      [ "\${PIPESTATUS[0]}" = 0 ] || echo "pg_dump of $4 failed"
      "$CLIENT" ${listObjects[0]} "$OBJECTS" "$4" || echo "listing the large objects of $4 failed"; }
    cmp <(say "$1" "$2" "$3" "$4") <(say "$5" "$6" "$7" "$8")`;
  const words = ['-c', script, 'compare', ...plainOptions(one), ...plainOptions(other)];
  await run('bash', words, {
    env: { ...environment, DUMP: program, CLIENT: client, OBJECTS: listObjects[1], LC_ALL: 'C' },
  });
}

/** What a database lets whom do: its definitions with owners and privileges, and what is the database's own. */
export async function whoMayDoWhat(services: Services, database: string): Promise<string> {
  const { program, client, environment } = await plainDumper(services);
  const name = plainOptions(database)[3];
  const options = { env: environment, maxBuffer: 1 << 26 };
  const dumped = await run(program, ['--schema-only', '--no-blobs', name], options);
  const own = await run(client, [...ownOfDatabase, name], options);
  return dumped.stdout.replaceAll(/^\\(un)?restrict .*$/gm, '') + own.stdout;
}

/** Runs SQL from a file, as an artifact's guide does. Gives what psql complains of. */
export async function runSql(services: Services, database: string, file: string): Promise<string> {
  const { client, environment } = await plainDumper(services);
  const words = ['--no-psqlrc', '--quiet', plainOptions(database)[3], `--file=${file}`];
  return (await run(client, words, { env: environment })).stderr;
}

const ownOfDatabase = [
  '-XAtc',
  `select pg_get_userbyid(d.datdba), d.datconnlimit, shobj_description(d.oid, 'pg_database'),
          (select string_agg(a::text, ' ' order by a::text) from unnest(coalesce(d.datacl, acldefault('d', d.datdba))) a),
          (select string_agg(coalesce(r.rolname, '-') || ':' || s.setconfig::text, ' ' order by r.rolname)
             from pg_db_role_setting s left join pg_roles r on r.oid = s.setrole where s.setdatabase = d.oid),
          (select string_agg(format('%s %s %s', m.oid, pg_get_userbyid(m.lomowner), m.lomacl), ' ' order by m.oid)
             from pg_largeobject_metadata m)
     from pg_database d where d.datname = current_database()`,
] as const;

async function plainDumper(services: Services) {
  const { binFolder } = await chooseServerInstallation(services.postgres.major);
  const environment = { ...process.env, ...libpqVariables(services) };
  return { program: join(binFolder, 'pg_dump'), client: join(binFolder, 'psql'), environment };
}

/** Large objects apart: from 17 on pg_dump writes those together that have the same grants, which are not compared. */
export const listObjects = [
  '-XAtc',
  `select oid, md5(lo_get(oid)), obj_description(oid, 'pg_largeobject') from pg_largeobject_metadata order by oid`,
] as const;

function plainOptions(database: string): readonly [string, string, string, string] {
  const name = database.replaceAll(/[\\']/g, '\\$&');
  return ['--no-owner', '--no-privileges', '--no-blobs', `--dbname=dbname='${name}'`];
}

/** A new age identity: the file with the secret key, and the recipient. */
export async function newIdentity(folder: string): Promise<{ file: string; recipient: string }> {
  const file = join(folder, 'identity.txt');
  await run('age-keygen', ['-o', file]);
  const recipient = /public key: (age1\w+)/.exec(await readFile(file, 'utf8'))?.[1];
  if (recipient === undefined) throw new Error('age-keygen said no public key');
  return { file, recipient };
}
