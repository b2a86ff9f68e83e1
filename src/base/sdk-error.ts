/** What can be known of an error that one of AWS's SDKs threw. */

type Headers = Readonly<Record<string, string>>;

/** HTTP status of the answer that an error came with. */
export function statusOfSdk(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('$metadata' in error)) return undefined;
  const { httpStatusCode } = (error.$metadata ?? {}) as { readonly httpStatusCode?: unknown };
  return typeof httpStatusCode === 'number' ? httpStatusCode : undefined;
}

/** Headers of that answer, in small letters. */
export function headersOfSdk(error: unknown): Headers {
  if (typeof error !== 'object' || error === null || !('$response' in error)) return {};
  return (error.$response as { readonly headers?: Headers } | undefined)?.headers ?? {};
}

/** All that an error is called, the most particular first: its name, its code, those of its causes, its HTTP status. */
export function namesOfSdk(error: unknown): readonly string[] {
  const names: string[] = [];
  for (let current: unknown = error, depth = 0; current instanceof Error && depth < 4; depth += 1) {
    names.push(current.name);
    if ('code' in current && typeof current.code === 'string') names.push(current.code);
    if (current instanceof AggregateError)
      names.push(...current.errors.flatMap((inner: unknown) => namesOfSdk(inner)));
    current = current.cause;
  }
  const status = statusOfSdk(error);
  return status === undefined ? names : [...names, String(status)];
}
