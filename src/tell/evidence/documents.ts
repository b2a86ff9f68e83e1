import type { DrillEvidence } from '../../language/generated/drill-evidence.types.ts';
import { renderJunit } from './junit-document.ts';
import { renderMarkdown } from './markdown-document.ts';
import { renderPage } from './page/page.ts';

/** A drill's documents by what follows the run's id in their names. */
export function renderDocuments(drill: DrillEvidence): ReadonlyMap<string, string> {
  return new Map([
    ['.md', renderMarkdown(drill)],
    ['.html', renderPage(drill)],
    ['.junit.xml', renderJunit(drill)],
    ['.json', renderJson(drill)],
  ]);
}

export function renderJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
