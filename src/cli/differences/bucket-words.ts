import { paragraph, sentence, table, type Block } from '../../base/terminal/blocks.ts';
import { status } from '../../base/terminal/status.ts';
import type { BucketComparison, ComparedRow } from '../../bucket/compare.ts';
import { describeFailure } from '../../base/failure.ts';

/** Of a longer text, as of a policy, people find the end in `--json`. */
const longestText = 60;

/** Each key that differs with what is, what should be and what that will do; then what is kept. */
export function comparisonBlocks({ bucket, rows, kept, faults }: BucketComparison): readonly Block[] {
  const verdict = rows.length === 0 ? 'as declared' : `${rows.length} to change`;
  const columns = [
    { title: '' },
    { title: 'KEY' },
    { title: 'IS' },
    { title: 'SHOULD BE' },
    { title: 'CONSEQUENCE' },
  ];
  const cells = rows.map((row) => [
    signOf(row),
    row.key,
    short(row.is ?? '-'),
    short(row.should ?? '-'),
    row.weaker === undefined ? (row.consequence ?? '') : [status('WEAKER'), `: ${row.weaker}`],
  ]);
  return [
    `bucket ${bucket}: ${faults.length === 0 ? verdict : `${verdict}, ${faults.length} not comparable`}`,
    ...(rows.length === 0 ? [] : [table(columns, cells)]),
    ...kept.map((what) => sentence(`kept: ${what}, which is not of this YAML`, { indent: 2 })),
    ...faults.flatMap(({ failure: { where, message, hint } }) => [
      paragraph([status('failed', '!'), ` ${where === undefined ? '' : `${where} `}${message}`]),
      ...(hint === undefined ? [] : [paragraph(hint, { indent: 4 })]),
    ]),
  ];
}

function signOf({ is, should }: ComparedRow): string {
  if (is === undefined || is === 'absent') return '+';
  return should === undefined ? '-' : '~';
}

function short(text: string): string {
  return text.length <= longestText ? text : `${text.slice(0, longestText - 1)}…`;
}

/** The same for `--json`, texts whole. */
export function comparisonAsData(comparison: BucketComparison): Readonly<Record<string, unknown>> {
  const { bucket, exists, rows, kept, faults } = comparison;
  return {
    bucket,
    exists,
    changes: rows.length,
    rows,
    kept,
    faults: faults.map(({ setting, failure }) => ({ setting, ...describeFailure(failure) })),
  };
}
