import { dirname, join } from 'node:path';
import { marked } from './mark.ts';
import { hidingOf, type ProgramPlace } from './program-place.ts';
import { settingsHome, type UnitScope } from './unit-scope.ts';
import { argument, plainValue, word } from './value-text.ts';

/** An account's systemd would choose folders by its version; run-plan's own choice is the one that its commands look into. */
const ownFolders = ['StateDirectory=', 'CacheDirectory='];

/** What all units of a template share on this host: the program, its settings, what must be visible. */
export function renderHostDropIn(words: readonly string[], place: ProgramPlace, scope: UnitScope): string {
  const { node, launcher, settingsFile, workingFolder } = place;
  const command = [
    node,
    launcher,
    ...words,
    ...(settingsFile === undefined ? [] : ['--config', settingsFile]),
  ];
  const shown = [
    dirname(dirname(launcher)),
    node,
    workingFolder,
    ...(settingsFile === undefined ? [] : [settingsFile]),
  ];
  const body = [
    '',
    '[Service]',
    'ExecStart=',
    `ExecStart=${command.map((each) => (each === '%i' ? each : argument(each))).join(' ')}`,
    `WorkingDirectory=${plainValue(workingFolder)}`,
    'EnvironmentFile=',
    `EnvironmentFile=-${plainValue(join(settingsHome(scope), 'environment'))}`,
    ...(scope.kind === 'system' ? [...visible(shown), ...state(place)] : ownFolders),
    '',
  ];
  return marked(body.join('\n'));
}

function visible(paths: readonly string[]): readonly string[] {
  const temporary = [...new Set(paths.filter((path) => hidingOf(path) === 'temporary'))];
  return [
    ...(paths.some((path) => hidingOf(path) === 'home') ? ['ProtectHome=read-only'] : []),
    ...temporary.map((path) => `BindReadOnlyPaths=-${word(path)}`),
  ];
}

/** The settings' state folder instead of systemd's: then commands and units look into the same one. And that of metrics. */
function state({ stateFolder, metricsFolder }: ProgramPlace): readonly string[] {
  const folders = [stateFolder, metricsFolder].filter((folder) => folder !== undefined);
  return [...(stateFolder === undefined ? [] : ['StateDirectory=']), ...writable(folders)];
}

/** Folders that a run may write. One that does not exist is left out: the run itself then says what is missing. */
export function writable(folders: readonly string[]): readonly string[] {
  const distinct = [...new Set(folders)].sort();
  return [
    ...(distinct.some((folder) => hidingOf(folder) === 'home') ? ['ProtectHome=read-only'] : []),
    ...distinct
      .filter((folder) => hidingOf(folder) === 'temporary')
      .map((folder) => `BindPaths=-${word(folder)}`),
    ...distinct.map((folder) => `ReadWritePaths=-${word(folder)}`),
  ];
}
