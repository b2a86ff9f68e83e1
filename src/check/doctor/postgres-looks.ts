import { connect, type Session } from '../../postgres/connect.ts';
import { chooseClientTools, findClientTools } from '../../postgres/client-tools.ts';
import { checkDumpable } from '../../postgres/dump-source.ts';
import { describeEndpoint } from '../../postgres/server-error.ts';
import { readServerFacts, type ServerFacts } from '../../postgres/server-facts.ts';
import { Failure } from '../../base/failure.ts';
import type { PostgresEndpoint } from '../../language/environment/environment.ts';
import { clockFinding } from './clock-skew.ts';
import { failed, fine, warning, type Check } from '../check.ts';
import type { Look } from './look.ts';
import type { ExaminedEnvironment, Instruments } from './patient.ts';

/** What the server shows of the session in pg_stat_activity. */
const applicationName = 'run-plan doctor';
const connectTimeoutMs = 10_000;

/** Reached, logged in, of which version, its clock, and whether this host has clients of that version. */
export function postgresLooks(
  subject: string,
  examined: ExaminedEnvironment,
  instruments: Instruments,
): readonly Look[] {
  const { postgres } = examined.environment;
  if (postgres === undefined) return [];
  return [
    {
      subject,
      what: 'postgres',
      take: (signal) => examine(postgres, examined, instruments, signal),
    },
  ];
}

async function examine(
  endpoint: PostgresEndpoint,
  examined: ExaminedEnvironment,
  instruments: Instruments,
  signal: AbortSignal,
): Promise<readonly Check[]> {
  let session: Session;
  try {
    const { secrets } = instruments;
    session = await connect(endpoint, { secrets, applicationName, signal, connectTimeoutMs });
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof Failure)) throw error;
    // Which clients there are is worth knowing while the server is away.
    const clients = await installedClients(examined, instruments);
    if (error.code === 'secret-unavailable')
      return [{ what: 'postgres', state: 'fail', found: `not asked: ${error.message}` }, ...clients];
    return [failed('postgres', error), ...clients];
  }
  try {
    const facts = await readServerFacts(session);
    return [
      fine('postgres', `${describeEndpoint(endpoint)} is PostgreSQL ${facts.version}${roleOf(facts)}`),
      await clockOf(session, instruments),
      ...(examined.usesArtifacts ? [await clientFinding(facts.major, instruments)] : []),
      ...(await readFindings(session, facts, examined.dumps)),
    ];
  } finally {
    await session.close();
  }
}

function roleOf({ superuser, standby }: ServerFacts): string {
  return `${superuser ? ', and the role a superuser' : ''}${standby ? ', a standby' : ''}`;
}

async function clockOf(session: Session, { clock }: Instruments): Promise<Check> {
  const askedMs = clock.now().getTime();
  const [row] = await session.query<{ ms: string }>(
    `select (extract(epoch from clock_timestamp()) * 1000)::bigint::text as ms`,
    [],
    'asking for the time',
  );
  const skewMs = Math.round(Number(row?.ms) - (askedMs + clock.now().getTime()) / 2);
  return clockFinding('clock of postgres', skewMs);
}

async function clientFinding(major: number, { commands }: Instruments): Promise<Check> {
  const what = 'postgres clients';
  try {
    const { tools, warning: older } = await chooseClientTools(commands, major);
    const found = `pg_dump ${tools.version} at ${tools.pgDump}`;
    return older === undefined ? fine(what, found) : warning(what, found, older);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return failed(what, error);
  }
}

async function installedClients(
  { usesArtifacts }: ExaminedEnvironment,
  { commands }: Instruments,
): Promise<readonly Check[]> {
  if (!usesArtifacts) return [];
  const found = await findClientTools(commands);
  const versions = [...new Set(found.map(({ version }) => version))].join(', ');
  return [
    warning(
      'postgres clients',
      versions === '' ? 'none is installed' : `installed: ${versions}`,
      'whether they fit shows once the server answers: its major is the one that is needed',
    ),
  ];
}

/** The proof that every dump begins with. */
async function readFindings(
  session: Session,
  facts: ServerFacts,
  dumps: ExaminedEnvironment['dumps'],
): Promise<readonly Check[]> {
  const findings: Check[] = [];
  for (const selection of dumps) findings.push(await readFinding(session, facts, selection));
  return findings;
}

async function readFinding(
  session: Session,
  facts: ServerFacts,
  selection: ExaminedEnvironment['dumps'][number],
): Promise<Check> {
  const what = selection === undefined ? 'rights to dump' : 'rights to dump a part';
  try {
    const { tables } = await checkDumpable(session, facts, selection);
    return fine(what, `every one of ${String(tables.length)} tables can be read`);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return failed(what, error);
  }
}
