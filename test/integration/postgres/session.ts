import { onTestFinished } from 'vitest';
import type { PostgresEndpoint } from '../../../src/language/environment/environment.ts';
import { connect, type Session } from '../../../src/postgres/connect.ts';
import { createSecret } from '../../../src/process/secrets/secret.ts';
import type { Secrets } from '../../../src/language/secret-reference.ts';
import type { Services } from '../../services/services.ts';

export function endpointOf(services: Services, database: string): PostgresEndpoint {
  const { host, port, user } = services.postgres;
  return {
    host,
    port,
    user,
    database,
    sslmode: 'prefer',
    password: { kind: 'env', name: 'TEST_PASSWORD', position: 'test:1:1' },
  };
}

export function secretsOf(services: Services): Secrets {
  return { resolve: () => Promise.resolve(createSecret(services.postgres.password)) };
}

/** A session that ends with its test. */
export async function openSession(
  services: Services,
  database: string,
  applicationName = 'test',
  signal?: AbortSignal,
): Promise<Session> {
  const session = await connect(endpointOf(services, database), {
    secrets: secretsOf(services),
    applicationName,
    ...(signal !== undefined && { signal }),
  });
  onTestFinished(() => session.close());
  return session;
}
