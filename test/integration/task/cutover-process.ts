/**
 * A cutover in a process of its own, to be killed: `node cutover-process.ts ENDPOINT-AS-JSON RESTORED WAIT`, with the
 * password in PGPASSWORD. It waits for a session in the live database that its role may not end.
 */
import type { PostgresEndpoint } from '../../../src/language/environment/environment.ts';
import cutover from '../../../tasks/postgres-cutover.ts';
import { memoryRepository } from '../../fixtures/memory-repository.ts';
import { attempt } from './attempt.ts';

const [, , endpoint = '{}', database = '', wait = '60s'] = process.argv;
await attempt(
  cutover,
  { database, wait, privileges: 'ignore' },
  {
    environment: { name: 'test', protected: false, postgres: JSON.parse(endpoint) as PostgresEndpoint },
    repository: memoryRepository(),
    password: process.env['PGPASSWORD'] ?? '',
  },
);
