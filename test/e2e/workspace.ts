import { spawn, type ChildProcess } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openRepository } from '../../src/store/open.ts';
import type { RunRecord } from '../../src/language/generated/run-record.types.ts';
import { storeArtifact, type StoredArtifactOptions } from '../fixtures/stored-artifact.ts';
import { secretsFrom } from '../services/repository.ts';
import type { Services } from '../services/services.ts';
import { runInProcess } from './in-process.ts';

const launcher = fileURLToPath(new URL('../../bin/run-plan.cjs', import.meta.url));

/** Changes to this process' variables; undefined takes one away. */
export type Variables = Readonly<Record<string, string | undefined>>;

/** What one command line left behind. */
export interface Told {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Standard output and error as one text, in no promised order. */
  readonly text: string;
}

export interface StartedCommand {
  readonly process: ChildProcess;
  readonly ended: Promise<Told>;
  /** Resolves when the text told so far matches; rejects when the command ends without it. */
  said(pattern: RegExp): Promise<void>;
}

/** A folder as an operator has it: settings, plans, tasks, a state folder, and a folder repository beside them. */
export interface Workspace {
  readonly folder: string;
  readonly repositoryFolder: string;
  /** Writes a file (path relative to the workspace). */
  write(path: string, text: string): Promise<void>;
  /**
   * Runs a command line of the built program to its end, in this process (see `runInProcess`), or in one of its own for
   * variables that Node reads at its start. With `columns` it tells a terminal that is so wide.
   */
  run(words: readonly string[], variables?: Variables, columns?: number): Promise<Told>;
  /** Starts one as a process of its own: where signals, pipes, the start or the end of the process are the subject. */
  start(words: readonly string[], variables?: Variables): StartedCommand;
  /** The journals' events of every run of a plan, oldest run first. */
  journals(plan: string): Promise<readonly (readonly Record<string, unknown>[])[]>;
  /** The stored record of every run of a plan in the folder repository, oldest first. */
  records(plan: string): Promise<readonly RunRecord[]>;
  artifactKeys(): Promise<readonly string[]>;
  /** Stores what a listing takes for an artifact, without a dump, in the folder repository; gives its name. */
  storeStandIn(createdAt: Date, options: StoredArtifactOptions): Promise<string>;
  remove(): Promise<void>;
}

/** Makes an empty workspace below the system's temporary folder. */
export async function createWorkspace(): Promise<Workspace> {
  const folder = await mkdtemp(join(tmpdir(), 'run-plan-e2e-'));
  const repositoryFolder = join(folder, 'repository');
  await mkdir(join(folder, 'plans'));
  await mkdir(repositoryFolder);
  const write = async (path: string, text: string): Promise<void> => {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  };
  await write('run-plan.yaml', 'plans: plans\ntasks: [tasks]\nstate: state\n');
  const start: Workspace['start'] = (words, variables = {}) => startCommand(folder, words, variables);
  return {
    folder,
    repositoryFolder,
    write,
    start,
    run: async (words, variables = {}, columns) => {
      if (onlyAtStart.some((name) => variables[name] !== undefined)) return start(words, variables).ended;
      const ended = await runInProcess(words, { folder, variables: variablesOf(variables), columns });
      return { ...ended, signal: null, text: ended.stdout + ended.stderr };
    },
    journals: async (plan) => {
      const runs = join(folder, 'state', 'runs', plan);
      const texts = await readAll(runs, '.jsonl');
      const journals = texts.map((text) =>
        text
          .split('\n')
          .filter((line) => line !== '')
          .map((line) => JSON.parse(line) as Record<string, unknown>),
      );
      // Names have whole seconds, and two runs of one begin in them in any order.
      return journals.sort((left, right) => (startOf(left) < startOf(right) ? -1 : 1));
    },
    records: async (plan) =>
      (await readAll(join(repositoryFolder, 'runs', plan), '.json'))
        .map((text) => JSON.parse(text) as RunRecord)
        .sort((left, right) => (left.startedAt < right.startedAt ? -1 : 1)),
    artifactKeys: async () =>
      (await readdir(repositoryFolder)).filter((name) => name.startsWith('pg_')).sort(),
    storeStandIn: async (createdAt, options) => {
      const store = { kind: 'folder', folder: repositoryFolder } as const;
      const repository = await openRepository({ store }, secretsFrom({}));
      const { name } = await storeArtifact(repository, createdAt.toISOString(), options);
      await repository.close();
      return name;
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** What is being written bears a name with a dot in front until it is whole. */
async function readAll(folder: string, suffix: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  const chosen = names.filter((name) => name.endsWith(suffix) && !name.startsWith('.')).sort();
  return Promise.all(chosen.map((name) => readFile(join(folder, name), 'utf8')));
}

const onlyAtStart = ['NODE_EXTRA_CA_CERTS', 'NODE_OPTIONS', 'TZ'];

function variablesOf(changes: Variables): Variables {
  return { ...process.env, XDG_CACHE_HOME: join(tmpdir(), 'run-plan-e2e-cache'), ...changes };
}

function startCommand(folder: string, words: readonly string[], variables: Variables): StartedCommand {
  const child = spawn(process.execPath, [launcher, ...words], {
    cwd: folder,
    env: variablesOf(variables),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const texts = { stdout: '', stderr: '' };
  const waiting = new Set<() => void>();
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (chunk: string) => {
      texts[name] += chunk;
      for (const look of waiting) look();
    });
  }
  const ended = new Promise<Told>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      resolve({ code, signal, ...texts, text: texts.stdout + texts.stderr });
    });
  });
  const said = (pattern: RegExp): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        if (!pattern.test(texts.stdout + texts.stderr)) return;
        waiting.delete(look);
        resolve();
      };
      waiting.add(look);
      look();
      void ended.then((told) => {
        reject(new Error(`it ended (${String(told.code)}) without ${String(pattern)}:\n${told.text}`));
      });
    });
  return { process: child, ended, said };
}

/** The Postgres part of an environment on the test services, with the password from a variable. */
export function postgresYaml(
  services: Services,
  database: string,
  changes: Readonly<Record<string, string>> = {},
): string {
  const { host, port, user } = services.postgres;
  const values = {
    host,
    port: String(port),
    database: JSON.stringify(database),
    user,
    password: '{ env: TEST_PGPASSWORD }',
    sslmode: 'disable',
    ...changes,
  };
  return `{ ${Object.entries(values)
    .map(([key, value]) => `${key}: ${value}`)
    .join(', ')} }`;
}

/** The S3 part of a repository on the test services, with the credentials from variables. */
export function s3Yaml(services: Services, bucket: string, endpoint = services.s3.endpoint): string {
  return `{ bucket: ${bucket}, prefix: prod, region: ${services.s3.region}, endpoint: "${endpoint}", force-path-style: true }`;
}

/** The variables that `postgresYaml` and `s3Yaml` refer to. */
export function secretVariables(services: Services): Record<string, string> {
  return {
    TEST_PGPASSWORD: services.postgres.password,
    AWS_ACCESS_KEY_ID: services.s3.accessKeyId,
    AWS_SECRET_ACCESS_KEY: services.s3.secretAccessKey,
  };
}

export const nightlyPlan = `description: Nightly logical backup
environment: prod
schedule: [{ calendar: "*-*-* 02:00:00 UTC" }]
objectives: { rpo: 24h }
retention: { keep-within: 14d, keep-weekly: 4, keep-at-least: 3 }
timeout: 10m
steps:
  - task: postgres-dump
  - task: artifact-verify
  - task: artifact-prune
`;

/** ISO 8601, UTC, of a journal's first event. */
function startOf([first]: readonly Record<string, unknown>[]): string {
  const at = first?.['at'];
  return typeof at === 'string' ? at : '';
}
