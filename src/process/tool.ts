import { defined } from '../base/defined.ts';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { Failure } from '../base/failure.ts';

/** Debian's package for each program that this project starts by name. */
const packages: Readonly<Record<string, string>> = {
  pg_dump: 'postgresql-client',
  pg_dumpall: 'postgresql-client',
  pg_restore: 'postgresql-client',
  psql: 'postgresql-client',
  createdb: 'postgresql-client',
  initdb: 'postgresql',
  pg_ctl: 'postgresql',
  postgres: 'postgresql',
  zstd: 'zstd',
  age: 'age',
  flock: 'util-linux',
  setsid: 'util-linux',
  tar: 'tar',
  bash: 'bash',
};

/** The failure for a program that is not there, with the Debian package that brings it. */
export function toolMissing(program: string, cause?: unknown): Failure {
  const name = program.slice(program.lastIndexOf('/') + 1);
  return new Failure('tool-missing', `the program ${program} was not found`, {
    hint: hintFor(program, name),
    ...defined({ cause }),
  });
}

function hintFor(program: string, name: string): string {
  const debian = packages[name];
  if (debian === undefined) return 'install it, or make sure that PATH of the run names its folder';
  const major = /\/postgresql\/(\d+)\//.exec(program)?.[1];
  const wanted = major === undefined ? debian : `${debian}-${major}`;
  return `on Debian: apt-get install ${wanted}`;
}

/** Path of a program as PATH finds it (a name with a slash stands for itself), or undefined. */
export function findProgram(program: string, searchPath: string | undefined): string | undefined {
  if (program.includes('/')) return isExecutable(program) ? program : undefined;
  const folders = (searchPath ?? '/usr/local/bin:/usr/bin:/bin').split(delimiter);
  return folders.map((folder) => join(folder, program)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
