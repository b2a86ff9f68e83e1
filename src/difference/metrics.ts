import { status } from '../base/terminal/status.ts';
import { exitCode } from '../base/exit-code.ts';
import { removeWrittenFile, writtenFiles, type WrittenFile } from '../tell/metrics/written-files.ts';
import { listRecords } from '../run/record/store.ts';
import { print } from '../task/host.ts';
import { stateFolderOf } from '../task/state.ts';
import type { DifferenceKind, DifferenceScope, FoundDifference } from './difference.ts';

/**
 * Metrics that runs of plans have left that no file holds any more: Prometheus would go on reading them for ever. Another
 * folder of plans may write into the same folder, so that only plans count that have run in this one's state folder.
 */
export const metricsDifferences: DifferenceKind = {
  name: 'metrics',
  names: () => [],
  compare: async (scope, name) => {
    const { host, plans, units } = scope;
    const { workspace, settings } = plans;
    const known = new Set(workspace.planFiles.values());
    const folder = settings.metricsFolder;
    // As with units: what a folder without plans does not know is nobody's orphan.
    if (folder === undefined || known.size === 0 || name !== undefined || units.root !== undefined) return [];
    const stateFolder = stateFolderOf(settings, host.environmentVariables);
    const orphans: WrittenFile[] = [];
    for (const file of await writtenFiles(folder)) {
      if (known.has(file.plan)) continue;
      const { records, damaged } = await listRecords({ stateFolder }, { plan: file.plan, limit: 1 });
      if (records.length + damaged.length > 0) orphans.push(file);
    }
    return orphans.length === 0 ? [] : [ofOrphans(scope, folder, orphans)];
  },
};

function ofOrphans(
  { host }: DifferenceScope,
  folder: string,
  orphans: readonly WrittenFile[],
): FoundDifference {
  const count = orphans.length === 1 ? '1 file' : `${String(orphans.length)} files`;
  const lines = orphans.map(({ path, plan }) => [
    status('remove', '- remove'),
    `  ${path}: there is no plan ${plan}`,
  ]);
  return {
    changes: orphans.length,
    blocks: () => [`metrics in ${folder}: ${count} of plans that are gone`, ...lines],
    data: () => ({ folder, changes: orphans.map(({ path, plan }) => ({ action: 'remove', path, plan })) }),
    // Nothing is lost that the journals do not hold, so that nobody is asked.
    apply: async ({ json }) => {
      for (const orphan of orphans) await removeWrittenFile(orphan);
      if (json !== true) print(host, `removed ${count}`);
      return exitCode.done;
    },
  };
}
