/**
 * Words that a plan cannot bear as a name, because `run-plan WORD` means the command: those of this version and those
 * that the design has given to later ones, so that no plan has to be renamed on an upgrade.
 */
export const commandNames: readonly string[] = [
  'alerts',
  'apply',
  'artifacts',
  'completion',
  'demo',
  'diff',
  'doctor',
  'export',
  'help',
  'history',
  'init',
  'list',
  'metrics',
  'report',
  'restore',
  'run',
  'show',
  'sign-off',
  'status',
  'timers',
  'validate',
];
