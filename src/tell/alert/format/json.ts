import { placeholder, type TemplateName } from '../../../language/environment/channel/channel.ts';
import type { AlertMessage } from '../message.ts';
import { renderBody } from './text.ts';

/** The whole message as plain JSON: what programs get. Keys are stable. */
export function renderJson(message: AlertMessage): Record<string, unknown> {
  const { events, since, ...rest } = message;
  return {
    event: events[0],
    events,
    action: actionOf(message),
    ...rest,
    since: since?.at ?? null,
    count: since?.count ?? null,
    text: renderBody(message),
  };
}

/** What a template's `{names}` stand for; what a message does not have is empty. */
export function templateValues(message: AlertMessage): Readonly<Record<TemplateName, string>> {
  const { events, severity, title, plan, environment, host, at, run, step, code, since, lines, hint, key } =
    message;
  return {
    title,
    text: renderBody(message),
    event: events[0],
    action: actionOf(message),
    severity,
    plan,
    environment,
    host,
    run: run ?? '',
    step: step ?? '',
    code: code ?? '',
    error: lines.join('\n'),
    hint: hint ?? '',
    since: since?.at ?? '',
    key,
    at,
  };
}

/** Fills every text of a template; what braces do not name stays as it is. Pure. */
export function fillTemplate(template: unknown, values: Readonly<Record<string, string>>): unknown {
  if (typeof template === 'string')
    return template.replaceAll(placeholder, (all, name: string) => values[name] ?? all);
  if (Array.isArray(template)) return template.map((item: unknown) => fillTemplate(item, values));
  if (typeof template !== 'object' || template === null) return template;
  return Object.fromEntries(
    Object.entries(template).map(([key, item]: [string, unknown]) => [key, fillTemplate(item, values)]),
  );
}

/** In the words of incident tools: good news closes what bad news opened. */
function actionOf({ severity }: AlertMessage): 'trigger' | 'resolve' {
  return severity === 'info' ? 'resolve' : 'trigger';
}
