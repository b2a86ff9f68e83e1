import type { DrillEvidence } from '../../language/generated/drill-evidence.types.ts';

export type Shown = Pick<
  DrillEvidence,
  'verdict' | 'restores' | 'checks' | 'tests' | 'comparisons' | 'signOffs' | 'recoveryTime' | 'steps'
>;

/** What a drill does not prove, so that nobody reads more out of it than was done. Pure. */
export function limitsOf(drill: Shown): string[] {
  const { restores, comparisons, checks, tests, signOffs } = drill;
  return [
    ...(restores.length === 0
      ? ['Nothing was restored in this run: it proves nothing about the backups.']
      : [
          'It proves this one artifact on this one day; other artifacts are proven by their own verification and drills.',
        ]),
    ...restores.flatMap(({ partial, artifact }) =>
      partial === null ? [] : [`Only a part of ${artifact ?? 'the artifact'} was restored: ${partial}.`],
    ),
    ...restores.flatMap(({ artifactPartial, artifact }) =>
      artifactPartial === undefined
        ? []
        : [
            `${artifact ?? 'The artifact'} is partial, and proves nothing about whole ones: ${artifactPartial}.`,
          ],
    ),
    ...restores.flatMap(({ artifact, source, manifestSha256 }) =>
      artifact === null || manifestSha256 === null
        ? [`${artifact ?? source} was restored without a manifest: where it came from is not proven.`]
        : [],
    ),
    ...comparisonLimits(comparisons),
    ...(checks.length === 0 && tests.length === 0
      ? ["No check and no test has looked at the restored data's meaning."]
      : [
          "Checks and tests prove what they ask, and nothing besides; the application's other ways are not proven.",
        ]),
    ...openLimits(signOffs),
    ...(drill.recoveryTime.rtoMs === null
      ? ['The plan has no RTO: the recovery time is told and not judged.']
      : [
          'The recovery time is that of this host, this network and this load; an emergency may have others, and people who decide.',
        ]),
    ...skippedLimits(drill.steps),
  ];
}

function comparisonLimits(comparisons: Shown['comparisons']): string[] {
  if (comparisons.every(({ mode }) => mode === 'none'))
    return ["Restored rows were not compared with the manifest's."];
  if (comparisons.every(({ mode }) => mode !== 'content'))
    return ['Rows were counted and their contents not compared.'];
  return [];
}

function openLimits(signOffs: Shown['signOffs']): string[] {
  return signOffs
    .filter(({ state }) => state === 'open')
    .map(({ text }) => `Nobody has signed this off yet: ${text}`);
}

function skippedLimits(steps: Shown['steps']): string[] {
  const skipped = steps.filter(({ outcome, phase }) => outcome === 'skipped' && phase === 'steps');
  return skipped.map(({ id, reason }) => `Step ${id} was not run${reason === null ? '' : `: ${reason}`}.`);
}
