import type { TestProject } from 'vitest/node';
import { startContainerPostgres, startContainerS3 } from './containers.ts';
import { askHost, decide, type ServiceDecision, type ServiceName } from './decide.ts';
import { prepareReaper, sweep } from './engine.ts';
import { havePostgresImage, haveS3Images, type Image } from './images.ts';
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
  await prepareEngine(decision);
  // One after the other: they build upon the same images.
  const postgresImage = decision.postgres.way === 'containers' ? await havePostgresImage(say) : undefined;
  const s3Images = decision.s3.way === 'containers' ? await haveS3Images(say) : undefined;
  const startedAt = performance.now();
  const [postgres, s3] = await startBoth(
    postgresImage === undefined ? startNativePostgres() : startContainerPostgres(postgresImage.name),
    s3Images === undefined ? startNativeS3() : startContainerS3(s3Images),
  );
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  say(
    `Postgres ${postgres.service.major} at ${postgres.service.host}:${postgres.service.port}: ${tell(decision.postgres, postgresImage)}`,
  );
  say(`S3 (${s3.service.flavour}) at ${s3.service.endpoint}: ${tell(decision.s3, s3Images?.s3)}`);
  say(`both started in ${seconds} s`);
  return {
    service: { postgres: postgres.service, s3: s3.service },
    stop: async () => {
      await Promise.all([postgres.stop(), s3.stop()]);
    },
  };
}

async function prepareEngine(decision: Readonly<Record<ServiceName, ServiceDecision>>): Promise<void> {
  if (decision.postgres.way === 'native' && decision.s3.way === 'native') return;
  await prepareReaper();
  const left = await sweep();
  if (left > 0) say(`removed ${left} containers of test runs that were killed`);
}

function tell({ way, reason }: ServiceDecision, image: Image | undefined): string {
  const how = image === undefined ? '' : `, image ${image.name} (${image.reason})`;
  return `${way} (${reason})${how}`;
}

function say(line: string): void {
  process.stdout.write(` Services: ${line}\n`);
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
