import { renderTime, type Reading } from '../base/quantity/moment.ts';
import { table, type Block } from '../base/terminal/blocks.ts';
import type { Artifact } from '../artifact/artifact.ts';
import type { Environment } from '../language/environment/environment.ts';
import { exitCode, type ExitCode } from '../base/exit-code.ts';
import { Failure } from '../base/failure.ts';
import { renderBytes } from '../base/quantity/size.ts';
import { artifactAsData } from './commands/artifacts.ts';
import { print, printJson, warn, type CommandHost } from '../task/host.ts';
import { requireRepositories, type Plans } from '../task/plans.ts';
import { ageWords, dataTime, stateText } from '../recovery/artifact-words.ts';
import { findSource, sourcesOf } from '../recovery/environment-choice.ts';
import type { RestoreFlags } from '../recovery/wish-options.ts';
import { artifactsOf, obstacleTo } from '../recovery/source-choice.ts';

interface Listed {
  readonly from: Environment;
  readonly artifact: Artifact;
}

/**
 * `run-plan restore --list`: what can be restored, newest first, of one environment or of every one. An environment
 * that is not complete on this host is named and passed over.
 */
export async function listRestorable(
  host: CommandHost,
  plans: Plans,
  flags: RestoreFlags,
): Promise<ExitCode> {
  const listed: Listed[] = [];
  const sources = chosen(host, plans, flags.from);
  requireRepositories(plans, sources);
  for (const from of sources) {
    const artifacts = await artifactsOf(plans, from);
    listed.push(...artifacts.map((artifact) => ({ from, artifact })));
  }
  const wanted = listed
    .filter(({ artifact }) => flags.database === undefined || artifact.database === flags.database)
    .sort((left, right) => dataTime(right.artifact).getTime() - dataTime(left.artifact).getTime());
  if (flags.json === true) printJson(host, wanted.map(asData));
  else print(host, listedBlock(wanted, { now: new Date(), timeZone: plans.settings.defaults.timeZone }));
  return exitCode.done;
}

function chosen(host: CommandHost, plans: Plans, name: string | undefined): readonly Environment[] {
  if (name !== undefined) return [findSource(plans, name)];
  return sourcesOf(plans).flatMap((environment) => {
    try {
      return [findSource(plans, environment.name)];
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      warn(host, `${environment.name} is left out: ${error.message}`);
      return [];
    }
  });
}

function asData({ from, artifact }: Listed): unknown {
  const obstacle = obstacleTo(artifact, from);
  return {
    ...artifactAsData(artifact),
    from: from.name,
    restorable: obstacle === undefined,
    obstacle: obstacle ?? null,
  };
}

function listedBlock(listed: readonly Listed[], reading: Reading): Block {
  if (listed.length === 0) return 'no artifacts';
  const columns = [
    { title: 'ARTIFACT' },
    { title: 'FROM' },
    { title: 'AGE', align: 'right' },
    { title: 'DATA OF', optional: true },
    { title: 'SIZE', align: 'right' },
    { title: 'STATE' },
  ] as const;
  return table(
    columns,
    listed.map(({ from, artifact }) => [
      artifact.name,
      from.name,
      ageWords(dataTime(artifact), reading.now),
      renderTime(dataTime(artifact), reading.timeZone),
      renderBytes(artifact.bytes),
      stateText(artifact, from, reading),
    ]),
  );
}
