import { fileURLToPath } from 'node:url';
import { Failure } from '../base/failure.ts';
import { endpointOfCluster, type Cluster } from '../postgres/cluster.ts';
import { variablesOf, type Variables } from '../postgres/program.ts';
import type { Stage } from './stage.ts';

export const sampleDatabase = 'cleaning';

const seedFile = fileURLToPath(new URL('seed.sql', import.meta.url));
const bytesPerSeedUnit = 1_000_000;
const psqlOptions = ['--no-psqlrc', '--quiet'];

/**
 * Fills a new database with a cleaning company's data; 300 MB take some 20 s on two processors.
 * @throws Failure `command-failed` with psql's exit code; its own words are on the terminal
 */
export async function fillSampleDatabase(stage: Stage, cluster: Cluster, bytes: number): Promise<void> {
  const size = Math.max(1, Math.round(bytes / bytesPerSeedUnit));
  const environment = libpqVariables(cluster);
  const { psql } = cluster;
  const create = ['-d', 'postgres', '-c', `create database ${sampleDatabase}`];
  const fill = ['-d', sampleDatabase, '-v', `size=${size}`, '--single-transaction', '-f', seedFile];
  let code = await stage.run(psql, [...psqlOptions, ...create], { environment });
  if (code === 0) {
    const shownAs = `psql ${sampleDatabase} -v size=${size} -f seed.sql    # about ${size} MB: bookings, orders, photos' keys, PDFs as large objects`;
    code = await stage.run(psql, [...psqlOptions, ...fill], { shownAs, environment });
  }
  if (code !== 0) {
    throw new Failure('command-failed', `psql could not make the sample database (exit ${code})`);
  }
}

/** What psql and pg_restore need to reach the cluster, with its own programs before the system's. */
export function libpqVariables(cluster: Cluster): Variables {
  return {
    ...variablesOf(endpointOfCluster(cluster)),
    PATH: `${cluster.binFolder}:${process.env['PATH'] ?? ''}`,
  };
}
