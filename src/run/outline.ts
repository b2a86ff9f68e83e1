import { countedSpans } from '../language/plan/retention-spans.ts';
import { renderMoment } from '../base/quantity/moment.ts';
import { fields, sentence, type Block } from '../base/terminal/blocks.ts';
import { strong } from '../base/terminal/status.ts';
import { describeStep, describeVariables } from './describe-step.ts';
import type { Pipeline, PipelineStep } from './pipeline.ts';
import type { Plan, RetentionPolicy } from '../language/plan/plan.ts';
import { renderDuration } from '../base/quantity/duration.ts';
import { renderScheduleEntry } from '../language/schedule/schedule-words.ts';
import { nextRuns } from '../language/schedule/schedule.ts';

/** How many of the next runs are shown. */
const runsShown = 5;

/** A pipeline for people: schedule, objectives, retention, and each step with the commands it would run. */
export function pipelineBlocks(pipeline: Pipeline, now: Date): readonly Block[] {
  const { plan } = pipeline;
  const settings = fields([
    ['environment', plan.environment],
    ...parameterRows(pipeline),
    ...scheduleRows(plan, now),
    ...objectiveRows(plan),
    ...(plan.retention === undefined ? [] : [['retention', renderRetention(plan.retention)] as const]),
    ['timeout', renderDuration(plan.timeoutMs)],
  ]);
  const description = plan.description === undefined ? '' : `: ${plan.description}`;
  const steps = pipeline.steps.flatMap((step, index) => stepBlocks(step, index, pipeline));
  return [[strong(plan.name), description], settings, '', ...steps];
}

function parameterRows({ parameters }: Pipeline): readonly (readonly [string, string])[] {
  return Object.entries(parameters).map(([name, value]) => ['parameter', `${name} = ${value}`]);
}

function scheduleRows(plan: Plan, now: Date): readonly (readonly [string, string])[] {
  const entries = plan.schedule.map(
    (entry) =>
      ['schedule', `${entry.cron ?? entry.calendar}: ${renderScheduleEntry(entry, plan.timeZone)}`] as const,
  );
  const runs = nextRuns(plan.schedule, now, runsShown, plan.timeZone);
  return [
    ...entries,
    ...runs.map(
      ({ at }, index) =>
        [index === 0 ? 'next runs' : '', renderMoment(at, { now, timeZone: plan.timeZone })] as const,
    ),
  ];
}

function objectiveRows({ objectives }: Plan): readonly (readonly [string, string])[] {
  return [
    ...(objectives.rpoMs === undefined ? [] : [['RPO', renderDuration(objectives.rpoMs)] as const]),
    ...(objectives.rtoMs === undefined ? [] : [['RTO', renderDuration(objectives.rtoMs)] as const]),
  ];
}

function renderRetention(policy: RetentionPolicy): string {
  const counts = [
    ['last', policy.keepLast],
    ...countedSpans(policy).map(({ name, count }) => [name, count] as const),
    ['at least', policy.keepAtLeast],
  ] as const;
  const within =
    policy.keepWithinMs === undefined ? [] : [`everything within ${renderDuration(policy.keepWithinMs)}`];
  const kept = counts.flatMap(([word, count]) => (count === undefined ? [] : [`${word} ${String(count)}`]));
  return `keep ${[...within, ...kept].join(', ')}`;
}

function stepBlocks(step: PipelineStep, index: number, pipeline: Pipeline): readonly Block[] {
  const limits = [
    `timeout ${renderDuration(step.timeoutMs)}`,
    `stall ${renderDuration(step.stallTimeoutMs)}`,
    ...(step.retry.times === 0 ? [] : [`${String(step.retry.times)} more tries`]),
    ...(step.when === undefined ? [] : [`when ${step.when}`]),
    ...(step.continueOnFailure ? ['later steps run although it fails'] : []),
  ];
  const where = step.phase === 'steps' ? '' : ` (${step.phase})`;
  return [
    sentence(`${String(index + 1)}. ${step.name}${where} on ${step.environment.name}, ${limits.join(', ')}`, {
      hang: 3,
    }),
    ...describeStep(step, pipeline).map((line) => sentence(line, { indent: 5 })),
    ...Object.entries(describeVariables(step, pipeline)).map(([name, value]) =>
      sentence(`env ${name}: ${value}`, { indent: 5 }),
    ),
  ];
}

/** A pipeline as data for `--json`. */
export function pipelineAsData(pipeline: Pipeline): unknown {
  const { plan, parameters, steps } = pipeline;
  return {
    plan: plan.name,
    hash: plan.hash,
    environment: plan.environment,
    parameters,
    schedule: plan.schedule,
    objectives: plan.objectives,
    retention: plan.retention ?? null,
    timeoutMs: plan.timeoutMs,
    steps: steps.map((step) => ({
      id: step.id,
      name: step.name,
      phase: step.phase,
      position: step.position,
      environment: step.environment.name,
      task: step.work.kind === 'task' ? step.work.task.name : null,
      commands: describeStep(step, pipeline),
      env: describeVariables(step, pipeline),
      timeoutMs: step.timeoutMs,
      stallTimeoutMs: step.stallTimeoutMs,
    })),
  };
}
