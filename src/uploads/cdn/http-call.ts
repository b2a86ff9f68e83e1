import { Failure } from '../../base/failure.ts';
import { parseAddress, sentHeaders } from '../../base/http/address.ts';
import type { HttpRequest } from '../../base/http/request.ts';
import { call } from './call.ts';
import type { InvalidationWork, Provider } from './provider.ts';
import { batchesOf, type Scope } from './scope.ts';
import { encodeStandard } from './url-path.ts';

/** What is sent, with `{path}`, `{url}`, `{paths}` and `{urls}` in address and body. */
export interface CallTemplate {
  readonly url: string;
  readonly method: HttpRequest['method'];
  readonly body?: string;
}

export interface HttpCallSettings extends CallTemplate {
  readonly headers: Readonly<Record<string, string>>;
  /** Values of headers that no message may repeat. */
  readonly secretHeaders: Readonly<Record<string, string>>;
  /** Paths in one call, where the template takes several. */
  readonly batch: number;
  /** The call for everything; absent where the template itself names no path. */
  readonly everything?: CallTemplate;
}

const usualAtMostPaths = 10_000;

/**
 * Any service that is told by HTTP: Varnish, nginx, a function of one's own. `{path}` and `{url}` make one call for each
 * path, `{paths}` and `{urls}` put a JSON list of a batch in their place; a template with none of them is one call that
 * is about everything.
 */
export function httpCall(settings: HttpCallSettings): Provider {
  const { headers, secretHeaders, batch } = settings;
  const name = `HTTP ${settings.method} ${hostOf(settings.url)}`;
  const send = async (
    work: InvalidationWork,
    template: CallTemplate,
    paths: readonly string[],
  ): Promise<void> => {
    const urls = paths.map((path) => (work.origin ?? '') + path);
    const fill = (text: string): string =>
      text
        .replaceAll('{paths}', () => JSON.stringify(paths))
        .replaceAll('{urls}', () => JSON.stringify(urls))
        .replaceAll('{path}', () => paths[0] ?? '')
        .replaceAll('{url}', () => urls[0] ?? '');
    await call(work, {
      what: `${name}: ${paths.length === 1 ? (paths[0] ?? '') : `${String(paths.length)} paths`}`,
      request: {
        url: parseAddress(fill(template.url)),
        method: template.method,
        headers: sentHeaders({ 'user-agent': 'run-plan', ...headers, ...secretHeaders }),
        ...(template.body !== undefined && { body: fill(template.body) }),
      },
      secrets: Object.values(secretHeaders),
    });
  };
  const takes = (pattern: RegExp): boolean => pattern.test(settings.url + (settings.body ?? ''));
  return {
    name,
    usualAtMostPaths,
    mostPrefixes: 0,
    encode: encodeStandard,
    needsBase: takes(/\{urls?\}/),
    invalidate: async (scope, work) => {
      const isWhole = !takes(/\{(?:path|url)s?\}/);
      if (scope.everything || isWhole) {
        await send(work, isWhole ? settings : everythingOf(settings, scope), ['/*']);
        return;
      }
      const size = takes(/\{(?:path|url)\}/) ? 1 : batch;
      for (const paths of batchesOf(scope.paths, size)) await send(work, settings, paths);
    },
  };
}

function everythingOf({ everything }: HttpCallSettings, { widened }: Scope): CallTemplate {
  if (everything !== undefined) return everything;
  throw new Failure('plan-invalid', `'http' says no call that invalidates everything`, {
    hint:
      widened === undefined
        ? "Say it as 'everything: { url: … }' within http."
        : `It is needed (${widened}): say it as 'everything: { url: … }' within http, or raise 'at-most-paths'.`,
  });
}

/** A template need not be an address before its places are filled. */
function hostOf(url: string): string {
  return /^https?:\/\/[^/{?#]+/.exec(url)?.[0] ?? url;
}
