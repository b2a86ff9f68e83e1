import { exitCode } from '../../base/exit-code.ts';
import {
  applyUnitDifference,
  unitChangesIn,
  unitDifference,
  unitDifferenceAsData,
  unitDifferenceBlocks,
  type UnitDifference,
} from '../unit-difference.ts';
import type { DifferenceKind, DifferenceScope, FoundDifference } from './difference.ts';

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

function ofUnits({ host }: DifferenceScope, difference: UnitDifference): FoundDifference {
  return {
    changes: unitChangesIn(difference),
    blocks: () => unitDifferenceBlocks(difference),
    data: () => unitDifferenceAsData(difference),
    apply: async (flags) => {
      await applyUnitDifference(host, difference, flags.yes);
      return exitCode.done;
    },
  };
}
