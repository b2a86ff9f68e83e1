import { Failure } from '../base/failure.ts';
import type { Repository } from '../store/repository.ts';

/** A small file that was read whole, or why it was not. */
export type StoredText =
  | { readonly kind: 'text'; readonly bytes: Buffer }
  | { readonly kind: 'missing' }
  | { readonly kind: 'too-big' };

/**
 * Reads a small file whole. Never holds more than `limit` bytes, whatever the store sends.
 * @throws Failure `repository-*` for what is neither there nor missing.
 */
export async function readStoredText(
  repository: Repository,
  key: string,
  limit: number,
  signal?: AbortSignal,
): Promise<StoredText> {
  const chunks: Buffer[] = [];
  let total = 0;
  try {
    const stream = await repository.get(key, signal === undefined ? {} : { signal });
    for await (const chunk of stream as AsyncIterable<Uint8Array>) {
      total += chunk.length;
      if (total > limit) return { kind: 'too-big' };
      chunks.push(Buffer.from(chunk));
    }
  } catch (error) {
    if (error instanceof Failure && error.code === 'repository-missing') return { kind: 'missing' };
    throw error;
  }
  return { kind: 'text', bytes: Buffer.concat(chunks) };
}
