import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { ProcessParts } from '../../src/task/host.ts';
import type { main } from '../../src/cli/main.ts';
import { createRedactor } from '../../src/process/secrets/redactor.ts';
import type { LoadBuilt } from '../../src/task/built-in-tasks.ts';

const dist = fileURLToPath(new URL('../../dist/', import.meta.url));
const { version } = JSON.parse(
  readFileSync(fileURLToPath(new URL('../../package.json', import.meta.url)), 'utf8'),
) as { readonly version: string };

/** Where and with what variables a command line is run. */
export interface Surroundings {
  readonly folder: string;
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** Its output is a terminal of so many columns, where nobody types. */
  readonly columns?: number | undefined;
}

export interface EndedInProcess {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const { createLoader } = (await import(new URL('../../bin/load-built.cjs', import.meta.url).href)) as {
  createLoader: (folder: undefined) => LoadBuilt;
};
/** Each file of the build is loaded once for all commands of this process. */
const load = createLoader(undefined);

/** Less than a test has, so that a command that hangs is named, and those after it in this process fail at once. */
const limitMs = 4 * 60_000;

let underWay: Promise<unknown> = Promise.resolve();
let hanging: string | undefined;

/**
 * Runs a command line of the built program in this process, with streams that are no terminals unless `columns` says so, and this process'
 * working folder and variables changed for as long as it takes: the same code as `bin/run-plan`, without the start of a
 * Node for each. One at a time, because a process has one working folder. Between commands nothing is left that a second
 * could live on but modules, also those of an operator's own tasks: a file of these is loaded once by its path.
 */
export function runInProcess(words: readonly string[], surroundings: Surroundings): Promise<EndedInProcess> {
  const run = underWay.then(() => {
    if (hanging !== undefined)
      throw new Error(`'${hanging}' has not ended, and a process has one working folder`);
    return withinLimit(words.join(' '), runAlone(words, surroundings));
  });
  underWay = run.catch(() => undefined);
  return run;
}

async function withinLimit<Result>(command: string, run: Promise<Result>): Promise<Result> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    hanging = command;
    reject(new Error(`'${command}' did not end within ${String(limitMs)} ms`));
  }, limitMs);
  try {
    return await Promise.race([run, promise]);
  } finally {
    clearTimeout(timer);
  }
}

async function runAlone(words: readonly string[], surroundings: Surroundings): Promise<EndedInProcess> {
  const program = load(join(dist, 'src', 'cli', 'main.cjs')) as { main: typeof main };
  const restore = enter(surroundings);
  const output = collect(surroundings.columns);
  const errorOutput = collect(surroundings.columns);
  try {
    const parts: ProcessParts = {
      version,
      taskFolder: join(dist, 'tasks'),
      loadBuilt: load,
      environmentVariables: process.env,
      workingFolder: process.cwd(),
      input: Readable.from([]) as unknown as NodeJS.ReadStream,
      output: output.stream,
      errorOutput: errorOutput.stream,
      redactor: createRedactor(),
    };
    const code = await program.main(words, parts);
    return { code, stdout: output.text(), stderr: errorOutput.text() };
  } finally {
    restore();
  }
}

/** Makes folder and variables this process' own; the returned function undoes it. */
function enter({ folder, variables }: Surroundings): () => void {
  const before = { folder: process.cwd(), variables: { ...process.env } };
  process.chdir(folder);
  become(variables);
  return () => {
    process.chdir(before.folder);
    become(before.variables);
  };
}

function become(variables: Surroundings['variables']): void {
  for (const name of Object.keys(process.env)) {
    if (variables[name] === undefined) Reflect.deleteProperty(process.env, name);
  }
  for (const [name, value] of Object.entries(variables)) {
    if (value !== undefined && process.env[name] !== value) process.env[name] = value;
  }
}

/** A stream as a pipe is one for the program, or as a terminal of so many columns is. */
function collect(columns?: number): { readonly stream: NodeJS.WriteStream; text(): string } {
  const chunks: Buffer[] = [];
  const stream = new Writable({
    write: (chunk: Buffer, _, done) => {
      chunks.push(chunk);
      done();
    },
  });
  return {
    stream: Object.assign(
      stream,
      columns === undefined ? {} : { isTTY: true, columns },
    ) as unknown as NodeJS.WriteStream,
    text: () => Buffer.concat(chunks).toString('utf8'),
  };
}
