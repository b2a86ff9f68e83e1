/** Bytes kept of a command's output. */
export const captureLimit = 1024 * 1024;

/** Output in bounded memory: the last `captureLimit` bytes of it. */
export interface CapturedOutput {
  write(chunk: Uint8Array): void;
  /** Whether bytes were dropped from the front. */
  overflowed(): boolean;
  text(): string;
}

export function captureOutput(): CapturedOutput {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  let dropped = false;
  return {
    write: (chunk) => {
      chunks.push(chunk);
      bytes += chunk.length;
      while (bytes - (chunks[0]?.length ?? 0) >= captureLimit) {
        bytes -= chunks.shift()?.length ?? 0;
        dropped = true;
      }
    },
    overflowed: () => dropped || bytes > captureLimit,
    text: () => Buffer.concat(chunks).subarray(-captureLimit).toString('utf8'),
  };
}
