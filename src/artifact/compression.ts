import type { Stage } from '../process/commands.ts';

/** How a dump is compressed on its way. */
export type Compression =
  { readonly kind: 'none' } | { readonly kind: 'zstd'; readonly level: number; readonly threads: number };

/** `.zst` or nothing. */
export function compressionSuffix(compression: Compression): string {
  return compression.kind === 'zstd' ? '.zst' : '';
}

/**
 * The stage that compresses; undefined for none. zstd says exact sizes at the end when it is told to be verbose:
 * `onRawBytes` then learns the size before compression, which would cost a pass of its own otherwise. Versions that
 * round it leave it untold.
 */
export function compressionStage(
  compression: Compression,
  onRawBytes?: (bytes: number) => void,
): Stage | undefined {
  if (compression.kind === 'none') return undefined;
  return {
    program: 'zstd',
    arguments: [
      `-${compression.level}`,
      `-T${compression.threads}`,
      ...(compression.level > 19 ? ['--ultra'] : []),
      '--no-progress',
      '-vv',
      '-c',
      '-',
    ],
    onErrorLine: (line) => {
      const rawBytes = parseRawBytes(line);
      if (rawBytes !== undefined) onRawBytes?.(rawBytes);
    },
  };
}

/** The size before compression out of zstd's closing line: `… 75.37%   (4052632 B => 3054426 B, …)`. */
export function parseRawBytes(line: string): number | undefined {
  const match = /\(\s*(\d+) B =>\s*\d+ B/.exec(line);
  return match?.[1] === undefined ? undefined : Number(match[1]);
}

export const decompressionStage: Stage = { program: 'zstd', arguments: ['-d', '-q', '-c', '-'] };
