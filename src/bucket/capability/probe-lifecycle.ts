import type { LifecycleRule } from '../../language/environment/bucket.ts';
import type { ProbedCapability } from '../../language/generated/store-capabilities.types.ts';
import { differences } from '../facts.ts';
import { storedLifecycle } from '../../s3/bucket.ts';
import { ruleFacts, storedRule } from '../lifecycle-rules.ts';
import type { Ground } from './ground.ts';
import { has, lacks, refusal, type Verdict } from './verdict.ts';

const dayMs = 86_400_000;
const days = (count: number): number => count * dayMs;

/** A rule for each part that a store may refuse or drop, of ages that nothing in the bucket reaches. */
const rules: Readonly<Partial<Record<ProbedCapability['name'], Partial<LifecycleRule>>>> = {
  'lifecycle-transitions': { transitions: [{ afterMs: days(30), to: 'STANDARD_IA' }] },
  'lifecycle-noncurrent': { noncurrent: { transitions: [], expireAfterMs: days(30) } },
  'lifecycle-keep-newest': { noncurrent: { transitions: [], expireAfterMs: days(30), keepNewest: 3 } },
  'lifecycle-tags': { tags: { tier: 'daily' }, expireAfterMs: days(30) },
  'lifecycle-sizes': { largerThanBytes: 1_000_000, expireAfterMs: days(30) },
  'lifecycle-delete-markers': { expireDeleteMarkers: true },
  'lifecycle-unfinished-uploads': { abortIncompleteUploadsAfterMs: days(7) },
};

/** Writes each kind of rule by itself, reads it back and compares. */
export async function probeLifecycle(ground: Ground): Promise<readonly ProbedCapability[]> {
  const found: ProbedCapability[] = [];
  for (const [name, rule] of Object.entries(rules)) {
    const verdict = await keepsRule(ground, {
      id: 'probe',
      prefix: 'probe/',
      tags: {},
      transitions: [],
      expireDeleteMarkers: false,
      ...rule,
    });
    found.push({ name: name as ProbedCapability['name'], ...verdict });
  }
  return found;
}

async function keepsRule({ store, signal }: Ground, rule: LifecycleRule): Promise<Verdict> {
  const sent = [storedRule(rule)];
  try {
    signal.throwIfAborted();
    await storedLifecycle.write(store, sent);
    const wrong = differences(ruleFacts(await storedLifecycle.read(store, signal)), ruleFacts(sent));
    await storedLifecycle.remove(store);
    if (wrong.length === 0) return has('kept as sent');
    const keys = wrong.map(({ key }) => key.replace(/^lifecycle\.probe\./, ''));
    return lacks(`dropped or changed in silence: ${keys.join(', ')}`);
  } catch (error) {
    signal.throwIfAborted();
    return refusal(error);
  }
}
