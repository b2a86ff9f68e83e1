import { defined } from '../../base/defined.ts';
import { randomBytes } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chooseServerInstallation } from '../../postgres/server-installation.ts';
import { findProgram, toolMissing } from '../../process/tool.ts';
import { makeStateFolder, stateFolderFailure } from '../../base/state-folder.ts';
import { failed, fine, warning, type Check } from '../check.ts';
import { spaceCheck } from '../space.ts';
import type { Look } from './look.ts';
import type { Instruments, Patient } from './patient.ts';

/** As `engines` of the package says. */
export const oldestNode: readonly [major: number, minor: number] = [22, 22];

const subject = 'this host';

/** What plans need of this host. */
export function hostLooks(patient: Patient, instruments: Instruments): readonly Look[] {
  const { environments } = patient;
  const usesArtifacts = environments.some((each) => each.usesArtifacts);
  const isEncrypted = environments.some(
    (each) => each.usesArtifacts && each.environment.repository?.encrypt !== undefined,
  );
  const programs = ['bash', 'flock', ...(usesArtifacts ? ['zstd'] : []), ...(isEncrypted ? ['age'] : [])];
  const look = (what: string, take: Look['take']): Look => ({ subject, what, take });
  return [
    look('node', () => Promise.resolve([nodeFinding(process.versions.node)])),
    ...programs.map((program) => look(program, async () => [await programFinding(program, instruments)])),
    ...(environments.some(({ environment }) => environment.ephemeral === true)
      ? [look('postgres server', serverFindings)]
      : []),
    ...(patient.isScheduled ? [look('systemctl', async () => [await systemFinding(instruments)])] : []),
    look('settings', () =>
      Promise.resolve([fine('settings', instruments.settingsFile ?? 'no file: as without one')]),
    ),
    look('state folder', () => stateFindings(instruments.stateFolder)),
    look('temporary folder', async () => [await spaceCheck('temporary folder', tmpdir())]),
  ];
}

/** Pure. */
export function nodeFinding(version: string): Check {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [oldestMajor, oldestMinor] = oldestNode;
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return fine('node', version);
  return {
    what: 'node',
    state: 'fail',
    found: `${version} is older than ${oldestNode.join('.')}`,
    hint: 'install a newer Node.js; generated units name the one that runs now',
  };
}

async function programFinding(program: string, instruments: Instruments): Promise<Check> {
  if (findProgram(program, instruments.searchPath) === undefined)
    return failed(program, toolMissing(program));
  return fine(program, await versionOf(program, instruments));
}

/** As the program says it; not every one says it the same way. */
async function versionOf(program: string, { commands }: Instruments): Promise<string> {
  const accept = [0, 1, 2];
  const { stdout, stderr } = await commands.run(program, ['--version'], { accept, timeoutMs: 10_000 });
  const said = `${stdout} ${stderr}`;
  return (/\d+(?:\.\d+)+[\w.~-]*/.exec(said) ?? /\d+/.exec(said))?.[0] ?? 'of unknown version';
}

async function systemFinding(instruments: Instruments): Promise<Check> {
  if (findProgram('systemctl', instruments.searchPath) !== undefined)
    return fine('systemctl', await versionOf('systemctl', instruments));
  return warning(
    'systemctl',
    'there is no systemd here, so nothing starts the plans that have a schedule',
    'run run-plan apply on the host whose systemd is to start them, or start them by other means',
  );
}

/** Throw-away clusters are started by the server's own programs. */
async function serverFindings(): Promise<readonly Check[]> {
  const { major, binFolder } = await chooseServerInstallation();
  return [fine('postgres server', `${String(major)} in ${binFolder}`)];
}

/** Writes a file there and removes it: rights, quotas and read-only mounts show in nothing else. */
async function stateFindings(folder: string): Promise<readonly Check[]> {
  const file = join(folder, `.doctor-${randomBytes(6).toString('hex')}`);
  makeStateFolder(folder);
  try {
    await writeFile(file, 'x', { flag: 'wx', mode: 0o600 });
  } catch (error) {
    throw stateFolderFailure(file, error);
  } finally {
    await rm(file, { force: true });
  }
  const { state, found, hint } = await spaceCheck('state folder', folder);
  return [{ what: 'state folder', state, found: `writable; ${found}`, ...defined({ hint }) }];
}
