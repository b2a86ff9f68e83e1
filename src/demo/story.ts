import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exitCode } from '../base/exit-code.ts';
import type { Cluster } from '../postgres/cluster.ts';
import { libpqVariables, sampleDatabase } from './sample-database.ts';
import type { Stage } from './stage.ts';
import { demoPlan, type Workspace } from './workspace.ts';

/** How run-plan was started, so that it can be started again: Node and the launcher's script. */
export type Launcher = readonly [program: string, script: string];

const commands: readonly (readonly [text: string, ...words: string[]])[] = [
  [
    'It is checked before anything runs: a mistyped key would be named with file, line and column',
    'validate',
  ],
  ['The nightly run: dump, read everything back, then prune', demoPlan],
  ['What the repository holds now', 'artifacts'],
  [
    'Is the newest verified artifact young enough for the RPO? Exit 22 if not, for a monitor',
    'status',
    '--check',
  ],
];

/** Tells the demo's story by doing it. @returns 0, or the exit code of the first command that failed */
export async function tellStory(
  stage: Stage,
  launcher: Launcher,
  workspace: Workspace,
  cluster: Cluster,
): Promise<number> {
  const [node, script] = launcher;
  stage.say('A plan is one YAML file, kept in git');
  stage.show(await readFile(workspace.planFile, 'utf8'));
  for (const [text, ...words] of commands) {
    stage.say(text);
    const shownAs = ['run-plan', ...words].join(' ');
    const code = await stage.run(node, [script, ...words], { shownAs, cwd: workspace.folder });
    if (code !== exitCode.done) return code;
  }
  return restoreByGuide(stage, workspace, cluster);
}

/** Does what RESTORE.md says, with nothing but bash and stock tools, and counts what came back. */
async function restoreByGuide(stage: Stage, workspace: Workspace, cluster: Cluster): Promise<number> {
  const names = await readdir(workspace.repositoryFolder);
  const guide = names.find((name) => name.endsWith('.RESTORE.md'));
  if (guide === undefined) throw new Error(`no RESTORE.md in ${workspace.repositoryFolder}`);
  const text = await readFile(join(workspace.repositoryFolder, guide), 'utf8');
  stage.say('Beside each artifact lies how to restore it with stock tools, without run-plan');
  stage.show(text);

  stage.say('Done by the book: the block above, in an empty folder');
  const cwd = join(workspace.folder, 'restored');
  await mkdir(cwd);
  await writeFile(join(cwd, 'restore.sh'), bashBlock(text));
  const environment = libpqVariables(cluster);
  const code = await stage.run('bash', ['restore.sh'], { shownAs: 'bash restore.sh', cwd, environment });
  if (code !== exitCode.done) return code;
  for (const database of [sampleDatabase, `${sampleDatabase}_restored`]) {
    const words = ['--no-psqlrc', '--dbname', database, '--command', counts];
    const counted = await stage.run(cluster.psql, words, { shownAs: `psql ${database}`, cwd, environment });
    if (counted !== exitCode.done) return counted;
  }
  return exitCode.done;
}

const counts = `select (select count(*) from bookings) as bookings, (select count(*) from order_photos) as photos,
  (select count(*) from invoices) as invoices, (select count(*) from pg_largeobject_metadata) as documents`;

function bashBlock(markdown: string): string {
  const block = /^```bash\n(?<text>.*?)^```$/ms.exec(markdown)?.groups?.['text'];
  if (block === undefined) throw new Error('RESTORE.md has no block for bash');
  return block;
}
