import { fileURLToPath } from 'node:url';
import { benchDatabase, contestants, targets, type Measured } from './contestants.ts';
import type { Ground } from './ground.ts';
import { median, megabytes, renderColumns, seconds } from './statistics.ts';

const seedFile = fileURLToPath(new URL('../../src/demo/seed.sql', import.meta.url));

export interface ThroughputResult {
  readonly name: string;
  readonly how: string;
  readonly rounds: readonly Measured[];
  readonly medianMs: number;
  /** run-plan's median over this one's: below 1, run-plan is faster. */
  readonly ratio: number;
  readonly target?: number;
}

export interface Throughput {
  readonly databaseBytes: number;
  readonly results: readonly ThroughputResult[];
}

/** Fills the database, then lets every way back it up once a round, each round starting with another one. */
export async function measureThroughput(
  ground: Ground,
  bytes: number,
  rounds: number,
  say: (text: string) => void,
): Promise<Throughput> {
  say(`filling a database of about ${megabytes(bytes)}`);
  await ground.shell(
    `createdb ${benchDatabase}; psql -Xq -1 -d ${benchDatabase} -v size=${Math.max(1, Math.round(bytes / 1e6))} -f '${seedFile}'; psql -Xqc checkpoint -d ${benchDatabase}`,
  );
  const size = await ground.shell(
    `psql -XAtc "select pg_database_size('${benchDatabase}')" -d ${benchDatabase}`,
  );
  const measured = new Map(contestants.map(({ name }) => [name, [] as Measured[]]));
  for (let round = 0; round < rounds; round += 1) {
    const order = contestants.map((_, index) => contestants[(index + round) % contestants.length]);
    for (const contestant of order) {
      if (contestant === undefined) continue;
      const result = await contestant.run(ground, benchDatabase);
      measured.get(contestant.name)?.push(result);
      say(`round ${round + 1} of ${rounds}: ${contestant.name}: ${seconds(result.durationMs)}`);
    }
  }
  return { databaseBytes: Number(size), results: summarize(measured) };
}

function summarize(measured: ReadonlyMap<string, readonly Measured[]>): ThroughputResult[] {
  const medianOf = (name: string): number =>
    median((measured.get(name) ?? []).map(({ durationMs }) => durationMs));
  return contestants.map(({ name, how }) => ({
    name,
    how,
    rounds: measured.get(name) ?? [],
    medianMs: medianOf(name),
    ratio: medianOf('run-plan') / medianOf(name),
    ...(targets[name] !== undefined && { target: targets[name] }),
  }));
}

export function renderThroughput({ databaseBytes, results }: Throughput): string {
  const rows = results.map(({ name, how, medianMs, ratio, target, rounds }) => {
    const peak = Math.max(0, ...rounds.map(({ peakBytes }) => peakBytes ?? 0));
    return [
      `${name} (${how})`,
      seconds(medianMs),
      `${(databaseBytes / 1e6 / (medianMs / 1000)).toFixed(0)} MB/s`,
      ratio.toFixed(2),
      target === undefined ? '' : `at most ${target.toFixed(1)}`,
      peak === 0 ? '' : megabytes(peak),
    ];
  });
  return renderColumns([
    [`backup of ${megabytes(databaseBytes)}`, 'median', 'rate', 'run-plan is', 'target', 'Node peak'],
    ...rows,
  ]);
}
