import { hostname } from 'node:os';
import type { Surroundings } from './sending.ts';
import { systemClock } from '../../base/clock.ts';
import { createProcessGroups, type ProcessGroups } from '../../process/process-groups.ts';
import type { Secrets } from '../../language/secret-reference.ts';
import type { CommandHost } from '../../task/host.ts';

/** What sending alerts takes from this process. */
export function alertSurroundings(
  host: CommandHost,
  secrets: Secrets,
  groups: ProcessGroups = createProcessGroups(),
): Surroundings {
  return {
    clock: systemClock,
    secrets,
    redact: (text) => host.redactor.redact(text),
    hostName: hostname(),
    environmentVariables: host.environmentVariables,
    workingFolder: host.workingFolder,
    groups,
  };
}
