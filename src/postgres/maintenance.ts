import type { PostgresEndpoint } from '../language/environment/environment.ts';
import { Failure } from '../base/failure.ts';
import { connect, type ConnectOptions, type Session } from './connect.ts';

/** Databases that every server is made with, in the order in which Postgres's own tools try them. */
const maintenanceDatabases = ['postgres', 'template1'];

/**
 * A session in a server's maintenance database: for creating, renaming and dropping others, and for locks that must
 * outlive them.
 * @throws Failure `postgres-*`
 */
export async function connectMaintenance(
  endpoint: PostgresEndpoint,
  options: ConnectOptions,
): Promise<Session> {
  for (const database of maintenanceDatabases) {
    try {
      return await connect({ ...endpoint, database }, options);
    } catch (error) {
      const isMissing = error instanceof Failure && error.code === 'postgres-database-missing';
      if (!isMissing) throw error;
    }
  }
  return connect(endpoint, options);
}
