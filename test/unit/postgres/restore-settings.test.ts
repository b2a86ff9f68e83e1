import { expect, test } from 'vitest';
import { loadingSettings } from '../../../src/postgres/loading-cluster.ts';
import { chooseRestoreSettings } from '../../../src/postgres/restore-settings.ts';

const gibibyte = 2 ** 30;
const local = {
  isLocal: true,
  freeBytes: undefined,
  sharedBuffersBytes: gibibyte / 8,
  maxParallelWorkers: 8,
  major: 15,
};
/** Too much for one process. */
const large = { bytes: gibibyte, entries: 100 };
const elsewhere = { ...local, isLocal: false };

test.for([
  {
    what: 'a small host',
    server: local,
    host: [2, 2],
    jobs: 'auto',
    expected: { jobs: 2, memory: '64MB', workers: '0' },
  },
  {
    what: 'a large host',
    server: local,
    host: [32, 256],
    jobs: 'auto',
    expected: { jobs: 32, memory: '256MB', workers: '0' },
  },
  {
    what: 'a large host and few jobs',
    server: local,
    host: [32, 256],
    jobs: 4,
    expected: { jobs: 4, memory: '256MB', workers: '7' },
  },
  {
    what: 'more jobs than processors',
    server: local,
    host: [2, 16],
    jobs: 8,
    expected: { jobs: 8, memory: '128MB', workers: '0' },
  },
  {
    what: 'a server elsewhere',
    server: elsewhere,
    host: [64, 512],
    jobs: 'auto',
    expected: { jobs: 8, memory: '64MB', workers: '0' },
  },
  {
    what: 'a server elsewhere that allows no workers',
    server: { ...elsewhere, maxParallelWorkers: 0 },
    host: [64, 512],
    jobs: 'auto',
    expected: { jobs: 1, memory: '64MB', workers: '0' },
  },
] as const)('$what', ({ server, host: [processors, gibibytes], jobs, expected }) => {
  const { jobs: chosen, session } = chooseRestoreSettings(
    server,
    { processors, memoryBytes: gibibytes * gibibyte },
    jobs,
    large,
  );
  expect(chosen).toBe(expected.jobs);
  expect(session).toMatchObject({
    maintenance_work_mem: expected.memory,
    max_parallel_maintenance_workers: expected.workers,
    synchronous_commit: 'off',
    client_connection_check_interval: '5000',
  });
});

test.for([
  { what: 'few rows and objects', dump: { bytes: 500_000, entries: 60 }, jobs: 1 },
  { what: 'many rows', dump: { bytes: 50_000_000, entries: 60 }, jobs: 8 },
  { what: 'many objects', dump: { bytes: 500_000, entries: 6000 }, jobs: 8 },
  { what: 'nobody knows how many rows', dump: { bytes: undefined, entries: 60 }, jobs: 8 },
])('$what are loaded by $jobs processes, unless somebody says how many', ({ dump, jobs }) => {
  const host = { processors: 8, memoryBytes: 16 * gibibyte };
  expect(chooseRestoreSettings(local, host, 'auto', dump).jobs).toBe(jobs);
  expect(chooseRestoreSettings(local, host, 3, dump).jobs).toBe(3);
});

test('an older server is asked for nothing that it does not know', () => {
  const { session } = chooseRestoreSettings(
    { ...local, major: 13 },
    { processors: 2, memoryBytes: gibibyte },
    1,
    large,
  );
  expect(session).not.toHaveProperty('client_connection_check_interval');
});

test('a throw-away cluster takes a quarter of the memory, within bounds', () => {
  expect(loadingSettings(gibibyte / 8, 1)['shared_buffers']).toBe('128MB');
  expect(loadingSettings((gibibyte * 3) / 4, 4)['shared_buffers']).toBe('192MB');
  expect(loadingSettings(512 * gibibyte, 64)).toMatchObject({
    shared_buffers: '256MB',
    max_worker_processes: '128',
    autovacuum: 'off',
  });
});
