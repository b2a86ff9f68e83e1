import { describe, expect, test } from 'vitest';
import { stateFolderOf } from '../../../src/task/state.ts';
import type { Settings } from '../../../src/language/settings/settings.ts';

const settings: Settings = {
  plansFolder: '/plans',
  taskFolders: [],
  logFormat: 'auto',
  defaults: { timeZone: 'UTC' },
};
const chosen: Settings = { ...settings, stateFolder: '/srv/state' };

describe('the state folder is', () => {
  test.each([
    [
      "systemd's, before everything",
      chosen,
      { STATE_DIRECTORY: '/var/lib/run-plan' },
      true,
      '/var/lib/run-plan',
    ],
    ["the first of systemd's", settings, { STATE_DIRECTORY: '/var/lib/a:/var/lib/b' }, false, '/var/lib/a'],
    ["the settings'", chosen, { XDG_STATE_HOME: '/home/x/.state' }, true, '/srv/state'],
    ["root's", settings, { XDG_STATE_HOME: '/root/.state' }, true, '/var/lib/run-plan'],
    ["a user's own", settings, { XDG_STATE_HOME: '/home/x/.state' }, false, '/home/x/.state/run-plan'],
  ])('%s', (_, of, variables, isRoot, expected) => {
    expect(stateFolderOf(of, variables, isRoot)).toBe(expected);
  });
});
