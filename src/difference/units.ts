import { join } from 'node:path';
import { exitCode } from '../base/exit-code.ts';
import { sentence, type Block } from '../base/terminal/blocks.ts';
import { status } from '../base/terminal/status.ts';
import { applyUnits } from '../place/unit/apply-units.ts';
import { createSystemctl } from '../place/unit/systemctl.ts';
import { unitDifference, type UnitDifference } from '../place/unit/unit-difference.ts';
import type { Applying, DifferenceKind, DifferenceScope, FoundDifference } from './difference.ts';

/** What the schedules of plans would change among the installed systemd units. */
export const unitDifferences: DifferenceKind = {
  name: 'units',
  names: ({ workspace }) => [...workspace.planFiles.values()],
  compare: async (scope, name) => {
    const { host, plans, units } = scope;
    // Plans may be kept elsewhere than where they run: the units of a folder without plans are nobody's orphans.
    if (plans.workspace.planFiles.size === 0) return [];
    const difference = await unitDifference(host, plans, units, name);
    return isOfThisHost(difference, scope) ? [ofUnits(scope, difference)] : [];
  },
};

/** A host without systemd has no units to be compared; those of another host, or of an account, are asked for. */
function isOfThisHost({ absent }: UnitDifference, { units }: DifferenceScope): boolean {
  return absent === undefined || units.user === true || units.root !== undefined;
}

function ofUnits(scope: DifferenceScope, difference: UnitDifference): FoundDifference {
  return {
    changes: difference.changes.length,
    blocks: () => blocksOf(difference),
    data: () => dataOf(difference),
    apply: async (applying) => {
      await apply(scope, difference, applying);
      return exitCode.done;
    },
  };
}

/**
 * Makes the installed units those of the plans. What is removed, and what somebody else wrote
 * or edited, is asked about by name first.
 * @throws Failure `not-confirmed`, `unit-folder`, `command-failed`
 */
async function apply(
  { host }: DifferenceScope,
  { scope, folder, wanted, changes, absent }: UnitDifference,
  { yes, confirm }: Applying,
): Promise<void> {
  if (changes.length === 0) return;
  // Another folder of plans than the installed one would end every timer, and backups with them, without a word.
  const grave = changes.filter(({ action, isForeign }) => isForeign || action === 'remove');
  if (grave.length > 0) {
    const paths = grave.map(({ path, reason }) => `${join(folder, path)} (${reason})`).join(', ');
    await confirm({ consequence: `this replaces or removes ${paths}`, word: 'yes', given: yes });
  }
  await applyUnits({
    folder,
    changes,
    wanted,
    ...(absent === undefined && { systemctl: createSystemctl(scope, host.environmentVariables) }),
  });
}

/** Every change with its reason and the lines that differ. */
function blocksOf({ changes, folder, absent }: UnitDifference): readonly Block[] {
  const count = changes.length === 1 ? '1 change' : `${String(changes.length)} changes`;
  const sign = { install: '+', change: '~', remove: '-', start: '>' } as const;
  const told = changes.flatMap(({ action, path, reason, isForeign, lines }) => [
    sentence([
      status(action, `${sign[action]} ${action}`),
      ` ${path}: ${reason}${isForeign ? ' (replaced only when confirmed)' : ''}`,
    ]),
    ...lines.map((line) => sentence(line, { indent: 6 })),
  ]);
  return [
    `units in ${folder}: ${changes.length === 0 ? 'nothing to change' : count}`,
    ...(absent === undefined ? [] : [`systemd cannot be asked: ${absent}`]),
    ...told,
  ];
}

/** The same for `--json`. */
function dataOf({ changes, folder, absent }: UnitDifference): Readonly<Record<string, unknown>> {
  return {
    folder,
    systemd: absent ?? 'running',
    changes: changes.map(({ action, path, plan, reason, isForeign, lines }) => ({
      action,
      path,
      plan: plan ?? null,
      reason,
      foreign: isForeign,
      lines,
    })),
  };
}
