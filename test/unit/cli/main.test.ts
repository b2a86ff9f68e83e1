import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ProcessParts } from '../../../src/task/host.ts';
import { main } from '../../../src/cli/main.ts';
import { createRedactor } from '../../../src/process/secrets/redactor.ts';

const taskFolder = fileURLToPath(new URL('../../../tasks', import.meta.url));
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'run-plan-main-'));
  await mkdir(join(folder, 'plans'));
  await writeFile(join(folder, 'plans', 'environments.yaml'), 'environments: { prod: {} }\n');
  await writeFile(
    join(folder, 'plans', 'echo.yaml'),
    'environment: prod\ntimeout: 1m\nsteps: [{ run: echo }]\n',
  );
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

/** A host that keeps what is written. */
function keepingHost(): { host: ProcessParts; written: () => string } {
  let text = '';
  const stream = new Writable({
    write: (chunk: Buffer, _, done) => {
      text += chunk.toString();
      done();
    },
  }) as unknown as NodeJS.WriteStream;
  const host: ProcessParts = {
    version: '1.2.3',
    taskFolder,
    environmentVariables: {},
    workingFolder: folder,
    input: Readable.from([]) as unknown as NodeJS.ReadStream,
    output: stream,
    errorOutput: stream,
    redactor: createRedactor(),
  };
  return { host, written: () => text };
}

test('a secret in the words of a failure is masked', async () => {
  const { host, written } = keepingHost();
  host.redactor.teach('open-sesame');
  expect(await main(['show', 'open-sesame'], host)).toBe(2);
  expect(written()).toContain("there is no plan '***'");
  expect(written()).not.toContain('sesame');
});
