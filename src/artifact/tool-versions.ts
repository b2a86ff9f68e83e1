import type { Commands } from '../process/commands.ts';

/**
 * Versions of the programs that pack a dump, by name, as they say them themselves. Asked before the dump begins, so
 * that a missing one costs nothing.
 * @throws Failure `tool-missing`
 */
export async function packingVersions(
  commands: Commands,
  programs: readonly ('zstd' | 'age')[],
): Promise<Readonly<Record<string, string>>> {
  const versions = programs.map(async (program) => {
    const { stdout, stderr } = await commands.run(program, ['--version']);
    return [program, /\d+(?:\.\d+)+[\w.-]*/.exec(`${stdout} ${stderr}`)?.[0] ?? 'unknown'] as const;
  });
  return Object.fromEntries(await Promise.all(versions));
}
