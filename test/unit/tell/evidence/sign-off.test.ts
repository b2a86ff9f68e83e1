import { beforeEach, expect, test } from 'vitest';
import { describeDamage } from '../../../../src/base/document.ts';
import { readDrills, type Drill } from '../../../../src/tell/evidence/drills.ts';
import { answerQuestion, withSignOffs, type SignOffAnswer } from '../../../../src/tell/evidence/sign-off.ts';
import { bytesOf, keptDrills, overwrite, plan, signOff, type Kept } from './kept.ts';

const answer: SignOffAnswer = {
  check: 'confirm-1',
  state: 'signed',
  by: 'ali',
  note: 'looked at three invoices',
  at: new Date('2026-10-03T00:00:00Z'),
  account: 'ali',
  host: 'desk',
};
let kept: Kept;

beforeEach(async () => {
  kept = await keptDrills();
});

async function drillOf(index: number): Promise<Drill> {
  const { drills } = await readDrills(kept, { plan, runId: kept.runs[index] ?? '' });
  const [drill] = drills;
  if (drill === undefined) throw new Error('there is no such drill');
  return drill;
}

test('a sign-off closes the question in what is shown and leaves what was kept', async () => {
  const before = bytesOf(kept.repository, `${kept.runs[0] ?? ''}.json`);
  await signOff(kept, kept.runs[0] ?? '');
  const drill = await drillOf(0);
  expect(drill.evidence.verdict.openSignOffs).toBe(1);
  const today = withSignOffs(drill);
  expect(today.verdict.openSignOffs).toBe(0);
  expect(today.verdict.sentence).not.toContain('Open sign-offs');
  expect(today.signOffs[0]).toMatchObject({ state: 'signed', by: 'maria' });
  expect(today.limits.join()).not.toContain('Nobody has signed this off yet');
  expect(bytesOf(kept.repository, `${kept.runs[0] ?? ''}.json`)).toEqual(before);
});

test('a rejection makes a drill that passed a failed one', async () => {
  const drill = await drillOf(0);
  const document = answerQuestion(drill, { ...answer, state: 'rejected' });
  expect(document).toMatchObject({
    number: 1,
    evidenceSha256: drill.sha256,
    note: 'looked at three invoices',
  });
  expect(withSignOffs({ ...drill, signOffs: [document] }).verdict).toMatchObject({
    state: 'failed',
    sentence: 'Failed: ali did not sign it off: Create a booking, view an invoice, resend a webhook.',
  });
});

test('an unknown question and one that is answered are refused', async () => {
  const open = await drillOf(0);
  expect(() => answerQuestion(open, { ...answer, check: 'confirm-9' })).toThrow(
    /has no question 'confirm-9'/,
  );
  const closed = await drillOf(2);
  expect(() => answerQuestion(closed, answer)).toThrow(/was signed off already by maria/);
});

test('drills are listed newest first, and what cannot be read is named', async () => {
  overwrite(kept.stateFolder, `${kept.runs[1] ?? ''}.json`, 'nonsense');
  const { drills, damaged } = await readDrills(kept, { plan });
  expect(drills.map(({ evidence }) => evidence.runId)).toEqual([kept.runs[2], kept.runs[0]]);
  expect(damaged.map((damage) => describeDamage(damage))).toEqual([
    `evidence/${plan}/${kept.runs[1] ?? ''}.json is not JSON at line 1, column 1`,
  ]);
  expect((await readDrills(kept, { plan, limit: 1 })).drills).toHaveLength(1);
});
