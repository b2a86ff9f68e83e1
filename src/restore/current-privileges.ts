import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { dumpDefinitions } from '../artifact/privileges.ts';
import { applicationName } from '../postgres/application-name.ts';
import { chooseClientTools } from '../postgres/client-tools.ts';
import type { Session } from '../postgres/connect.ts';
import type { KeptPrivileges } from '../postgres/kept-privileges.ts';
import { readPrivilegesHead, writePrivileges } from '../postgres/privileges-text.ts';
import { programEnvironment } from '../postgres/program.ts';
import type { ServerFacts } from '../postgres/server-facts.ts';
import type { TaskContext } from '../task/contract.ts';

/**
 * The owners, privileges and settings that the session's database has now, as a dump of it would keep them.
 * @throws Failure `postgres-*`, `tool-missing`, `command-failed`, `dump-unusable`
 */
export async function currentPrivileges(
  context: Pick<TaskContext, 'commands' | 'signal' | 'folder' | 'secrets' | 'run'>,
  session: Session,
  facts: ServerFacts,
): Promise<KeptPrivileges> {
  const { commands, signal, folder, secrets, run } = context;
  const { tools } = await chooseClientTools(commands, session.server.major);
  const head = await readPrivilegesHead(session, facts.version);
  const environment = await programEnvironment(session, {
    secrets,
    folder,
    applicationName: applicationName(run.id),
  });
  const definitions = join(folder, 'definitions.sql');
  const command = { tools, database: session.endpoint.database, environment, standby: facts.standby };
  const encoding = await dumpDefinitions(command, facts.locale.encoding, { commands, signal }, definitions);
  const { file } = await writePrivileges(head, { definitions, encoding, folder });
  const text = await readFile(file, 'latin1');
  await rm(definitions);
  return { where: session.endpoint.database, text };
}
