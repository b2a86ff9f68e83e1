import { dirname, relative, resolve } from 'node:path';
import { Failure } from '../../base/failure.ts';
import type { Problem } from '../problem.ts';
import { parseDuration } from '../../base/quantity/duration.ts';
import { zoneMistake } from '../schedule/zone.ts';
import type { WrittenSettings } from '../generated/settings.types.ts';
import { validate } from '../generated/settings.validate.ts';
import { checkShape, type EnvironmentVariables } from '../yaml/shape.ts';
import { readSource } from '../yaml/source.ts';
import { readYaml, type YamlDocument } from '../yaml/yaml-document.ts';
import type { Settings } from './settings.ts';

export interface LoadedSettings {
  readonly settings: Settings;
  readonly problems: readonly Problem[];
  /** Text of the file by its shown path, for code frames. */
  readonly sources: ReadonlyMap<string, string>;
}

/** Where settings are looked for, in each folder from the working folder upwards. */
export const settingsFiles = [
  'run-plan.yaml',
  'run-plan.yml',
  '.run-planrc.yaml',
  '.run-planrc.yml',
  '.config/run-plan.yaml',
];

/**
 * Finds and reads the settings; without a file everything is as it is by itself, relative to the working folder.
 * @param explicit a file that the operator named
 * @throws Failure `usage` when that file does not exist, `variable-missing`
 */
export async function loadSettings(
  workingFolder: string,
  variables: EnvironmentVariables,
  explicit?: string,
): Promise<LoadedSettings> {
  const path = explicit === undefined ? await findSettings(workingFolder) : resolve(workingFolder, explicit);
  if (path === undefined) return { settings: normalise({}, workingFolder), problems: [], sources: new Map() };
  const shown = relative(workingFolder, path);
  const { source, problem } = await readSource(path, shown);
  if (source === undefined) {
    if (explicit !== undefined && problem.rule === 'unreadable-file')
      throw new Failure('usage', `${shown}: ${problem.message}`);
    return { settings: normalise({}, dirname(path)), problems: [problem], sources: new Map() };
  }
  const sources = new Map([[shown, source.text]]);
  const { document, problems } = readYaml(source);
  if (document === undefined) return { settings: normalise({}, dirname(path)), problems, sources };
  const shape = checkShape(document, document.value, validate, { variables });
  const [missing] = shape.missing;
  if (missing !== undefined) {
    throw new Failure('variable-missing', `the variable ${missing.variable} is not set`, {
      where: missing.position,
    });
  }
  const written = shape.value as WrittenSettings;
  return {
    settings: { file: path, ...normalise(written, dirname(path)) },
    problems: [...shape.problems, ...badZone(written, document)],
    sources,
  };
}

/** cosmiconfig finds the file; it is read like every other file here, with the same problems. */
async function findSettings(workingFolder: string): Promise<string | undefined> {
  const { cosmiconfig } = await import('cosmiconfig');
  const loader = (): object => ({});
  const explorer = cosmiconfig('run-plan', {
    searchPlaces: [...settingsFiles],
    searchStrategy: 'global',
    stopDir: '/',
    loaders: { '.yaml': loader, '.yml': loader },
  });
  return (await explorer.search(workingFolder))?.filepath;
}

function normalise(written: WrittenSettings, folder: string): Settings {
  const { defaults = {} } = written;
  const timeoutMs = duration(defaults.timeout);
  const stepTimeoutMs = duration(defaults['step-timeout']);
  const stallTimeoutMs = duration(defaults['stall-timeout']);
  return {
    plansFolder: resolve(folder, written.plans ?? 'plans'),
    taskFolders: (written.tasks ?? ['tasks']).map((path) => resolve(folder, path)),
    ...(written.state !== undefined && { stateFolder: resolve(folder, written.state) }),
    logFormat: written['log-format'] ?? 'auto',
    ...(written.metrics !== undefined && { metricsFolder: resolve(folder, written.metrics.folder) }),
    defaults: {
      ...(timeoutMs !== undefined && { timeoutMs }),
      ...(stepTimeoutMs !== undefined && { stepTimeoutMs }),
      ...(stallTimeoutMs !== undefined && { stallTimeoutMs }),
      timeZone: defaults['time-zone'] ?? 'UTC',
    },
  };
}

function duration(text: string | undefined): number | undefined {
  return text === undefined ? undefined : parseDuration(text);
}

function badZone({ defaults }: WrittenSettings, document: YamlDocument): readonly Problem[] {
  const zone = defaults?.['time-zone'];
  const message = zone === undefined ? undefined : zoneMistake(zone);
  if (message === undefined) return [];
  const place = document.placeOf(['defaults', 'time-zone']);
  return [{ file: document.file, ...place, severity: 'error', rule: 'bad-time-zone', message }];
}
