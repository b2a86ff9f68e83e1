import { marked } from './mark.ts';
import type { UnitScope } from './unit-scope.ts';

/** Settings that only the system's own systemd can give: other accounts, capabilities, file systems of its own. */
const needsPrivilege = new Set([
  ...['User', 'Group', 'CapabilityBoundingSet', 'AmbientCapabilities', 'RemoveIPC'],
  ...[
    'ProtectSystem',
    'ProtectHome',
    'ProtectProc',
    'ProtectClock',
    'ProtectHostname',
    'ProtectControlGroups',
  ],
  ...['ProtectKernelLogs', 'ProtectKernelModules', 'ProtectKernelTunables'],
  ...['PrivateTmp', 'PrivateDevices', 'PrivateUsers', 'PrivateIPC'],
]);

/** A template as it is shipped, marked; for an account's own units without what an account cannot give. */
export function renderTemplate(shipped: string, { kind }: UnitScope): string {
  if (kind === 'system') return marked(shipped);
  const lines = shipped
    .split('\n')
    .filter((line) => !needsPrivilege.has(/^(?<key>\w+)=/.exec(line)?.groups?.['key'] ?? ''));
  return marked(lines.join('\n'));
}
