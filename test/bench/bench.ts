/**
 * `npm run bench -- [--size 2GB] [--rounds 3] [--restore] [--memory] [--start-up] [--small]
 * [--uploads [--keys 20000]]`: measures backups and restores against the usual ways on servers of its own, prints tables and keeps the numbers in bench-results/. Never
 * part of the test suite.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { availableParallelism, totalmem } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { parseSize } from '../../src/base/quantity/size.ts';
import { openGround, type Ground } from './ground.ts';
import { measureMemory, renderMemory } from './memory.ts';
import { measureRestore, renderRestore } from './restore.ts';
import { measureSmall, renderSmall } from './small.ts';
import { measureStartUp, renderStartUp, root } from './start-up.ts';
import { measureThroughput, renderThroughput } from './throughput.ts';
import { measureUploads, renderUploads } from './uploads.ts';

const { values } = parseArgs({
  options: {
    size: { type: 'string' },
    rounds: { type: 'string', default: '3' },
    memory: { type: 'boolean', default: false },
    small: { type: 'boolean', default: false },
    'start-up': { type: 'boolean', default: false },
    restore: { type: 'boolean', default: false },
    uploads: { type: 'boolean', default: false },
    keys: { type: 'string', default: '20000' },
  },
});
const bytes = parseSize(values.size ?? '2GB');
if (bytes === undefined) throw new Error(`--size ${values.size ?? ''} is not a size`);
const rounds = Math.max(1, Number.parseInt(values.rounds, 10));

const say = (text: string): void => {
  process.stderr.write(`bench: ${text}\n`);
};
const results: Record<string, unknown> = {
  at: new Date().toISOString(),
  machine: { processors: availableParallelism(), memoryBytes: totalmem(), node: process.versions.node },
};

if (values['start-up']) startUp();
else if (values.small) await withGround(small);
else if (values.memory) await withGround(memory);
else if (values.restore) await withGround(restore);
else if (values.uploads) await withGround(uploads);
else {
  startUp();
  await withGround(async (ground) => {
    await throughput(ground);
    await restore(ground);
  });
}
await keep();

function startUp(): void {
  const measured = measureStartUp(root);
  results['startUp'] = measured;
  print(renderStartUp(measured));
}

async function throughput(ground: Ground): Promise<void> {
  const measured = await measureThroughput(ground, bytes ?? 0, rounds, say);
  results['throughput'] = measured;
  print(renderThroughput(measured));
}

async function restore(ground: Ground): Promise<void> {
  const measured = await measureRestore(ground, bytes ?? 0, rounds, say);
  results['restore'] = measured;
  print(renderRestore(measured));
}

async function uploads(ground: Ground): Promise<void> {
  const measured = await measureUploads(ground, Math.max(1, Number.parseInt(values.keys, 10)), say);
  results['uploads'] = measured;
  print(renderUploads(measured));
}

async function small(ground: Ground): Promise<void> {
  const only = values.size === undefined ? undefined : bytes;
  const measured = await measureSmall(ground, only, rounds, say);
  results['small'] = measured;
  print(renderSmall(measured));
}

async function memory(ground: Ground): Promise<void> {
  const measured = await measureMemory(ground, say);
  results['memory'] = measured;
  print(renderMemory(measured));
}

async function withGround(action: (ground: Ground) => Promise<void>): Promise<void> {
  say('starting Postgres and an S3 server');
  const ground = await openGround();
  const interrupted = (): void => {
    void ground.close().finally(() => process.exit(130));
  };
  process.once('SIGINT', interrupted);
  process.once('SIGTERM', interrupted);
  try {
    results['postgres'] = ground.cluster.major;
    await action(ground);
  } finally {
    await ground.close();
  }
}

function print(table: string): void {
  process.stdout.write(`\n${table}\n\n`);
}

async function keep(): Promise<void> {
  const folder = fileURLToPath(new URL('../../bench-results/', import.meta.url));
  await mkdir(folder, { recursive: true });
  const file = join(folder, `${String(results['at']).replaceAll(':', '')}.json`);
  await writeFile(file, `${JSON.stringify(results, null, 2)}\n`);
  say(`kept as ${file}`);
}
