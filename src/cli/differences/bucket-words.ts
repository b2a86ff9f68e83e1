import type { BucketComparison, ComparedRow } from '../../bucket/compare.ts';
import { describeFailure } from '../../base/failure.ts';
import { renderTable } from '../table.ts';

/** Longer texts, of policies, break the table: people find the end of them in `--json`. */
const widestText = 60;

/** Each key that differs with what is, what should be and what that will do; then what is kept. Ends in a newline. */
export function renderComparison({ bucket, rows, kept, faults }: BucketComparison): string {
  const verdict = rows.length === 0 ? 'as declared' : `${rows.length} to change`;
  const columns = [
    { title: '' },
    { title: 'KEY' },
    { title: 'IS' },
    { title: 'SHOULD BE' },
    { title: 'CONSEQUENCE' },
  ];
  const lines = rows.map((row) => [
    signOf(row),
    row.key,
    short(row.is ?? '-'),
    short(row.should ?? '-'),
    row.weaker === undefined ? (row.consequence ?? '') : `WEAKER: ${row.weaker}`,
  ]);
  return [
    `bucket ${bucket}: ${faults.length === 0 ? verdict : `${verdict}, ${faults.length} not comparable`}\n`,
    rows.length === 0 ? '' : renderTable(columns, lines),
    ...kept.map((what) => `  kept: ${what}, which is not of this YAML\n`),
    ...faults.map(
      ({ failure: { where, message, hint } }) =>
        `! ${where === undefined ? '' : `${where} `}${message}\n${hint === undefined ? '' : `    ${hint}\n`}`,
    ),
  ].join('');
}

function signOf({ is, should }: ComparedRow): string {
  if (is === undefined || is === 'absent') return '+';
  return should === undefined ? '-' : '~';
}

function short(text: string): string {
  return text.length <= widestText ? text : `${text.slice(0, widestText - 1)}…`;
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
