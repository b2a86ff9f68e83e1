import { createHash } from 'node:crypto';

/** A file and the sha256 of its bytes, hex. */
export interface Checksum {
  readonly key: string;
  readonly sha256: string;
}

/** Counts and hashes bytes as they pass. */
export interface Meter {
  readonly bytes: number;
  add(chunk: Uint8Array): void;
  /** sha256, hex; the meter is done then. */
  digest(): string;
}

export function createMeter(): Meter {
  const hash = createHash('sha256');
  let bytes = 0;
  return {
    get bytes() {
      return bytes;
    },
    add: (chunk) => {
      hash.update(chunk);
      bytes += chunk.length;
    },
    digest: () => hash.digest('hex'),
  };
}

/** sha256 of bytes or of a text in UTF-8, hex. */
export function sha256Of(content: Uint8Array | string): string {
  return createHash('sha256').update(content).digest('hex');
}

/** The text that `sha256sum --check` reads, in the order given. Keys hold no character that it would escape. */
export function renderChecksums(checksums: readonly Checksum[]): string {
  return checksums.map(({ key, sha256 }) => `${sha256}  ${key}\n`).join('');
}

/** The lines of such a text; undefined when one of them is none. */
export function parseChecksums(text: string): readonly Checksum[] | undefined {
  const checksums: Checksum[] = [];
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const match = /^([0-9a-f]{64}) [ *](.+)$/.exec(line);
    if (match?.[1] === undefined || match[2] === undefined) return undefined;
    checksums.push({ sha256: match[1], key: match[2] });
  }
  return checksums;
}
