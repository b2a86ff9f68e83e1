import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * A folder with small programs in the places of real ones; each call of one becomes a line of `calls`. Each reads its input
 * to the end first: whoever writes into one that has ended gets a signal, now and then.
 */
export interface Stage {
  readonly folder: string;
  run(
    shell: readonly [string, ...string[]],
    script: string,
    variables?: Readonly<Record<string, string>>,
  ): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }>;
  calls(): Promise<readonly string[]>;
  program(name: string, body: string): Promise<void>;
  remove(): Promise<void>;
}

export async function createStage(): Promise<Stage> {
  const folder = await mkdtemp(join(tmpdir(), 'export-script-'));
  const programs = join(folder, 'programs');
  const log = join(folder, 'calls');
  await mkdir(programs);
  await writeFile(log, '');
  return {
    folder,
    program: async (name, body) => {
      const path = join(programs, name);
      await writeFile(
        path,
        `#!/bin/bash\nprintf '%s|' ${name} "$@" >> ${log}; echo >> ${log}\ncat >/dev/null\n${body}\n`,
      );
      await chmod(path, 0o755);
    },
    run: ([shell, ...words], script, variables = {}) =>
      new Promise((resolve) => {
        const env = { PATH: `${programs}:/usr/bin:/bin`, ...variables };
        const child = execFile(shell, [...words, script], { cwd: folder, env }, (error, stdout, stderr) => {
          resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
        });
        child.stdin?.end();
      }),
    calls: async () => (await readFile(log, 'utf8')).split('\n').filter((line) => line !== ''),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
