import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { chooseServerInstallation } from '../../../src/postgres/server-installation.ts';

/** A folder of executables that misbehave on purpose: program name to bash script. */
export async function fakePrograms(
  parent: string,
  scripts: Readonly<Record<string, string>>,
): Promise<string> {
  const folder = join(parent, 'fakes');
  await mkdir(folder);
  for (const [name, script] of Object.entries(scripts)) {
    const path = join(folder, name);
    await writeFile(path, `#!/bin/bash\n${script}\n`);
    await chmod(path, 0o755);
  }
  return folder;
}

/** A bash line that answers `--version` as pg_dump of a major does, and otherwise goes on. */
export function answerVersion(major: number): string {
  return `if [ "$1" = --version ]; then echo "pg_dump (PostgreSQL) ${major}.1"; exit 0; fi`;
}

/** Path of a real client program of a major. */
export async function realProgram(major: number, name: string): Promise<string> {
  return join((await chooseServerInstallation(major)).binFolder, name);
}
