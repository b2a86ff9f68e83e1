import { measureRunPlan } from './contestants.ts';
import type { Ground } from './ground.ts';
import { megabytes, renderColumns, seconds } from './statistics.ts';

/** Sizes of the artifacts, in bytes: ten times as much must not want more memory. */
const artifactSizes = [300_000_000, 3_000_000_000];
const limitBytes = 300_000_000;
const bytesPerRow = 1024;

export interface Memory {
  readonly artifactBytes: number;
  readonly durationMs: number;
  readonly peakBytes: number;
  readonly limitBytes: number;
}

/** The Node process's peak while it dumps and verifies databases of random bytes, which no compression makes smaller. */
export async function measureMemory(ground: Ground, say: (text: string) => void): Promise<Memory[]> {
  const results: Memory[] = [];
  for (const artifactBytes of artifactSizes) {
    const database = `random_${artifactBytes / 1e6}`;
    say(`filling a database of ${megabytes(artifactBytes)} random bytes`);
    await ground.shell(`createdb ${database}
psql -Xq -1 -d ${database} -c 'create extension pgcrypto' \\
  -c 'create table noise as select gen_random_bytes(${bytesPerRow}) as bytes from generate_series(1, ${Math.round(artifactBytes / bytesPerRow)})'`);
    const { durationMs, peakBytes } = await measureRunPlan(ground, database);
    await ground.shell(`dropdb ${database}`);
    say(`${megabytes(artifactBytes)}: dump ${seconds(durationMs)}`);
    results.push({ artifactBytes, durationMs, peakBytes: peakBytes ?? 0, limitBytes });
  }
  return results;
}

export function renderMemory(results: readonly Memory[]): string {
  const rows = results.map(({ artifactBytes, durationMs, peakBytes }) => [
    megabytes(artifactBytes),
    seconds(durationMs),
    megabytes(peakBytes),
    `below ${megabytes(limitBytes)}`,
  ]);
  return renderColumns([['artifact', 'dump', 'Node peak', 'target'], ...rows]);
}
