/**
 * Applies the units of the plans in the working folder, as `run-plan apply` does, and prints what it changed as JSON:
 * `node apply-units.ts [--user] [--root DIR] [--yes]`. A program of its own, because a systemd inside namespaces can only be
 * spoken to from there.
 */
import { fileURLToPath } from 'node:url';
import { processHost } from '../../src/cli/host.ts';
import { loadPlans } from '../../src/cli/plans.ts';
import { applyUnitDifference, unitDifference, unitDifferenceAsData } from '../../src/cli/unit-difference.ts';

const words = process.argv.slice(2);
const root = words.includes('--root') ? words[words.indexOf('--root') + 1] : undefined;
const host = processHost(fileURLToPath(new URL('../../dist/tasks', import.meta.url)), '0.0.0');
const plans = await loadPlans(host, undefined);
const options = {
  ...(words.includes('--user') && { user: true as const }),
  ...(root !== undefined && { root }),
};
const difference = await unitDifference(host, plans, options);
await applyUnitDifference(host, difference, words.includes('--yes') ? true : undefined);
process.stdout.write(JSON.stringify(unitDifferenceAsData(difference)));
