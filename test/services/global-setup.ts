import type { TestProject } from 'vitest/node';
import { startContainerPostgres, startContainerS3 } from './containers.ts';
import { askHost, decide } from './decide.ts';
import { startNativePostgres } from './native-postgres.ts';
import { startNativeS3 } from './native-s3.ts';
import type { RunningService } from './running-service.ts';
import type { Services } from './services.ts';

/**
 * Projects that share this file load it once each, in one process: the services are started for the first of them and
 * stopped after the last.
 */
const shared = globalThis as {
  runPlanTestServices?: { running: Promise<RunningService<Services>>; users: number };
};

/** Vitest's hook of a project that wants services: provides them, and returns how to be done with them. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const entry = (shared.runPlanTestServices ??= { running: start(), users: 0 });
  entry.users += 1;
  project.provide('services', (await entry.running).service);
  return async () => {
    entry.users -= 1;
    if (entry.users > 0) return;
    delete shared.runPlanTestServices;
    await (await entry.running).stop();
  };
}

async function start(): Promise<RunningService<Services>> {
  const decision = decide(await askHost());
  if (decision.kind === 'none') throw new Error(`No services for these tests: ${decision.reason}.`);
  const startedAt = performance.now();
  const native = decision.kind === 'native';
  const [postgres, s3] = await startBoth(
    native ? startNativePostgres() : startContainerPostgres(),
    native ? startNativeS3() : startContainerS3(),
  );
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  process.stdout.write(
    ` Services: ${decision.kind} (${decision.reason}): Postgres ${postgres.service.major} on port ${postgres.service.port}, ` +
      `S3 (${s3.service.flavour}) at ${s3.service.endpoint}, started in ${seconds} s\n`,
  );
  return {
    service: { kind: decision.kind, postgres: postgres.service, s3: s3.service },
    stop: async () => {
      await Promise.all([postgres.stop(), s3.stop()]);
    },
  };
}

/** Both or none: when one cannot start, the other is stopped. */
async function startBoth<First, Second>(
  first: Promise<RunningService<First>>,
  second: Promise<RunningService<Second>>,
): Promise<[RunningService<First>, RunningService<Second>]> {
  const [one, two] = await Promise.allSettled([first, second] as const);
  if (one.status === 'fulfilled' && two.status === 'fulfilled') return [one.value, two.value];
  if (one.status === 'fulfilled') await one.value.stop();
  if (two.status === 'fulfilled') await two.value.stop();
  throw new AggregateError(
    [one, two].flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : [])),
    'The services for these tests did not start',
  );
}
