import { defaults } from '../src/language/generated/bucket-canary.defaults.ts';
import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';
import { describeDamage } from '../src/base/document.ts';
import { keptAside } from '../src/base/files.ts';
import { openBucket } from '../src/bucket/open-bucket.ts';
import { dueMs, scopeOf, wishesOf } from '../src/bucket/canary/canary.ts';
import { judge, othersOf } from '../src/bucket/canary/judge.ts';
import { readLedger, writeLedger, type PlantedCanary } from '../src/bucket/canary/ledger.ts';
import { clearAway, fateOf } from '../src/bucket/canary/look-after.ts';
import { plant, plantControl } from '../src/bucket/canary/plant.ts';
import { checkOf, checkOfControl, mayHideLines, sharedOf } from '../src/bucket/canary/tell.ts';
import { isRehearsal } from '../src/bucket/lifecycle-rules.ts';
import { readSetting } from '../src/bucket/setting.ts';
import { lifecycleSetting } from '../src/bucket/settings/lifecycle.ts';
import type { Environment, S3Location } from '../src/language/environment/environment.ts';
import { Failure } from '../src/base/failure.ts';
import { durationOf } from '../src/base/quantity/duration.ts';
import type { StoredRule } from '../src/s3/bucket.ts';
import { urlOf, type S3 } from '../src/s3/client.ts';
import type { BucketCanaryParameters } from '../src/language/generated/bucket-canary.types.ts';
import { storeWaits } from '../src/task/store-waits.ts';
import { checkFailure } from '../src/task/check-failure.ts';
import type { Task, TaskContext, TaskResult } from '../src/task/contract.ts';
import type { CheckFact } from '../src/language/facts.ts';
import parametersSchema from '../schemas/tasks/bucket-canary.schema.json' with { type: 'json' };

const task: Task<BucketCanaryParameters> = {
  name: 'bucket-canary',
  description: 'Plants small objects under lifecycle rules and sees, runs later, whether the rules acted',
  needs: [],
  writes: ['uploads'],
  role: 'check',
  outputs: [],
  parameters: parametersSchema,
  describe: (parameters, environment) => [
    `look at the canaries of earlier runs in ${urlOf(bucketOf(environment, parameters))}, and plant new ones`,
  ],
  run,
};
export default task;

async function run(context: TaskContext, parameters: BucketCanaryParameters): Promise<TaskResult> {
  const location = bucketOf(context.environment, parameters);
  const store = await openBucket(location, context.secrets, storeWaits(context));
  try {
    return await lookAndPlant(context, parameters, store);
  } finally {
    store.close();
  }
}

/** The bucket as a whole: rules go by whole keys. @throws Failure `environment-incomplete` */
function bucketOf(
  { name, uploads, repository }: Environment,
  { of = defaults.of }: BucketCanaryParameters,
): S3Location {
  const store = of === 'uploads' ? uploads?.store : repository?.store;
  if (store?.kind === 's3') return { ...store.s3, prefix: '' };
  throw new Failure('environment-incomplete', `the ${of} of environment ${name} are no bucket`, {
    hint: 'only a bucket has lifecycle rules; say of: repository or of: uploads',
  });
}

async function lookAndPlant(
  context: TaskContext,
  parameters: BucketCanaryParameters,
  store: S3,
): Promise<TaskResult> {
  const { clock, signal, report } = context;
  const nowMs = clock.now().getTime();
  const file = ledgerFile(context, store.location);
  const graceMs = durationOf(parameters.grace ?? defaults.grace);
  const earlier = await readLedger(file);
  if (earlier.damage !== undefined)
    report.warn(
      `${describeDamage(earlier.damage)}: it is kept as ${keptAside(earlier.damage.where)}, new canaries are planted, and the old ones stay as small objects`,
    );
  const rules = ((await readSetting(lifecycleSetting, store, signal)) ?? []).filter(
    ({ ID, Status }) => !isRehearsal(ID) && Status === 'Enabled',
  );
  const checks: CheckFact[] = [];
  const waiting: PlantedCanary[] = [];
  const done: PlantedCanary[] = [];
  for (const canary of earlier.planted) {
    if (!rules.some(({ ID = '' }) => ID === canary.rule)) {
      report.warn(`rule ${canary.rule} is no longer there: nothing is told of ${canary.key}`);
      done.push(canary);
      continue;
    }
    const due = dueMs(canary.plantedAtMs, canary.days, graceMs);
    const verdict = judge(canary, await fateOf(canary, store, signal));
    const isControl = canary.act === 'control';
    if (nowMs < due && !(isControl && verdict !== 'nobody')) {
      waiting.push(canary);
      continue;
    }
    checks.push(isControl ? checkOfControl(canary, verdict) : checkOf(canary, verdict));
    // What has not acted yet may still do so: it is looked at again.
    if (!isControl && verdict === 'nobody') waiting.push(canary);
    else done.push(canary);
  }
  for (const { rule, act, plantedAtMs, days } of waiting) {
    const due = dueMs(plantedAtMs, days, graceMs);
    if (act !== 'control' && nowMs < due)
      report.note(`rule ${rule}: that it ${act} is due at ${new Date(due).toISOString()}`);
  }
  // First noted, then cleared away: after a run that was killed, nothing that it removed is held against a rule.
  await writeLedger(file, waiting);
  for (const canary of done) await clearAway(canary, store, signal);
  const planted = await plantMissing(context, parameters, { store, rules, waiting, nowMs, file });
  const facts = {
    checks,
    canaries: {
      planted: planted.length,
      waiting: waiting.length,
      bucket: urlOf(store.location),
      shared: [...waiting, ...planted].flatMap(sharedOf),
    },
  };
  const failure = checkFailure(`the lifecycle rules of ${urlOf(store.location)}`, checks);
  if (failure !== undefined)
    throw new Failure(failure.code, failure.message, {
      hint: 'run-plan diff shows whether the rules are as declared; a store may also be late: raise grace then',
      facts,
    });
  report.note(
    `${checks.length} canaries told that rules act, ${planted.length} planted, ${waiting.length} waiting`,
  );
  return { facts };
}

interface Planting {
  readonly store: S3;
  /** The enabled rules of the bucket. */
  readonly rules: readonly StoredRule[];
  readonly waiting: readonly PlantedCanary[];
  readonly nowMs: number;
  readonly file: string;
}

/** One canary and one control for each thing that a rule is to do, where none waits already. Each is noted at once. */
async function plantMissing(
  { signal, report }: TaskContext,
  { rules: chosen }: BucketCanaryParameters,
  { store, rules, waiting, nowMs, file }: Planting,
): Promise<readonly PlantedCanary[]> {
  const unknown = chosen?.find((id) => !rules.some(({ ID }) => ID === id));
  if (unknown !== undefined)
    throw new Failure('check-failed', `${urlOf(store.location)} has no enabled lifecycle rule ${unknown}`, {
      hint: `there are ${rules.map(({ ID = '' }) => ID).join(', ') || 'none'}; run-plan apply makes those of the YAML`,
    });
  const scopes = rules.map(scopeOf);
  const noted = [...waiting];
  for (const rule of rules.filter(({ ID = '' }) => chosen?.includes(ID) ?? true)) {
    const wishes = wishesOf(rule);
    if (wishes.length === 0) report.note(`rule ${rule.ID ?? ''}: no canary fits it (a date, or too large)`);
    for (const wish of wishes) {
      if (noted.some(({ rule: id, act }) => id === wish.rule && act === wish.act)) continue;
      report.phase(`planting for rule ${wish.rule}`);
      const canary = await plant(wish, { store, signal, nowMs });
      if (canary === undefined) {
        report.warn(`rule ${wish.rule} is about versions, and the bucket keeps none`);
        continue;
      }
      const others = othersOf(wish, canary.key, rules);
      for (const line of mayHideLines(wish, others)) report.note(line);
      noted.push({ ...canary, ...(others.length > 0 && { others }) });
      await writeLedger(file, noted);
      if (noted.some(({ rule: id, act }) => id === wish.rule && act === 'control')) continue;
      const control = await plantControl(wish, scopes, { store, signal, nowMs });
      if (control === undefined)
        report.note(`rule ${wish.rule}: every object is some rule's, so nothing can stand beside its canary`);
      else noted.push(control);
      await writeLedger(file, noted);
    }
  }
  return noted.slice(waiting.length);
}

/** In the state folder, one for each bucket, and not in what steps keep: that goes after 90 days, and rules may take longer. */
function ledgerFile({ kept }: TaskContext, { bucket, endpoint = 'aws' }: S3Location): string {
  const name = createHash('sha256').update(`${endpoint} ${bucket}`).digest('hex').slice(0, 16);
  return join(dirname(dirname(dirname(kept))), 'bucket-canary', `${name}.json`);
}
