import { startContainerPostgres } from './containers.ts';
import { startNativePostgres } from './native-postgres.ts';
import type { RunningService } from './running-service.ts';
import type { PostgresService, Services } from './services.ts';

/**
 * Another Postgres server, had in the same way as the services' own: with a system identifier of its own, so that a drill
 * may restore into it. A test file that wants one starts it in `beforeAll`, within about a second, and stops it.
 */
export function startSecondPostgres(services: Services): Promise<RunningService<PostgresService>> {
  const { image } = services.postgres;
  return image === undefined ? startNativePostgres() : startContainerPostgres(image);
}

/** The services with the second server in place of their own, for `createDatabase` and its like. */
export function onSecondPostgres(services: Services, postgres: PostgresService): Services {
  return { ...services, postgres };
}
