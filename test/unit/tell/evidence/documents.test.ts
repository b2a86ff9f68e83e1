import { SaxesParser } from 'saxes';
import { describe, expect, test } from 'vitest';
import { renderDocuments } from '../../../../src/tell/evidence/documents.ts';
import { renderJunit } from '../../../../src/tell/evidence/junit-document.ts';
import { renderMarkdown } from '../../../../src/tell/evidence/markdown-document.ts';
import { renderPage } from '../../../../src/tell/evidence/page/page.ts';
import { renderText } from '../../../../src/tell/evidence/text-document.ts';
import { parseTestReport } from '../../../../src/check/junit/test-report.ts';
import { badRecord, earlierDrill, evidenceOf, goodRecord } from './recorded-drill.ts';

const earlier = [1, 2, 3, 4].map((quarters) => earlierDrill(quarters));
const good = evidenceOf(goodRecord, earlier);
const bad = evidenceOf(badRecord, earlier);

test.each([
  ['good', good],
  ['bad', bad],
])('the %s drill reads as recorded in Markdown, JUnit XML and text', async (name, drill) => {
  await expect(renderMarkdown(drill)).toMatchFileSnapshot(`expected/${name}.md.txt`);
  await expect(renderJunit(drill)).toMatchFileSnapshot(`expected/${name}.junit.xml`);
  await expect(renderText(drill)).toMatchFileSnapshot(`expected/${name}.txt`);
});

test('JUnit XML counts what CI must show', async () => {
  const report = await parseTestReport(renderJunit(bad), 'drill.junit.xml');
  // Nine steps, three checks, two objectives; no question was reached.
  expect(report).toMatchObject({ tests: 14, failures: 3, errors: 0, skipped: 3 });
  expect(report.failed.map(({ name }) => name)).toEqual([
    'drill-staging.steps.restore-compare',
    'drill-staging.steps.sql-check',
    'drill-staging.checks.sql-check.every booking has a customer',
  ]);
  const green = await parseTestReport(renderJunit(good), 'drill.junit.xml');
  // The open question is no failure and no success either.
  expect(green).toMatchObject({ tests: 15, failures: 0, errors: 0, skipped: 1 });
});

describe('the page', () => {
  const pages = [renderPage(good), renderPage(bad)];

  test('loads nothing and runs nothing', () => {
    for (const page of pages) {
      expect(page).not.toMatch(
        /<script|<link|<img|<iframe|<object|@import|url\(|\ssrc=|\son\w+=|javascript:/i,
      );
      expect(page).toContain(`content="default-src 'none'; style-src 'unsafe-inline'"`);
    }
  });

  test('escapes what a name holds', () => {
    expect(pages[0]).toContain('invoices add up &lt;script&gt;alert(1)&lt;/script&gt;');
  });

  test('is well formed, with unique ids and labels that exist', () => {
    for (const page of pages) {
      const ids: string[] = [];
      const labels: string[] = [];
      const headings: number[] = [];
      const parser = new SaxesParser({ fragment: true, xmlns: false });
      parser.on('error', (error) => {
        throw error;
      });
      parser.on('opentag', ({ name, attributes }) => {
        if (attributes['id'] !== undefined) ids.push(attributes['id']);
        if (attributes['aria-labelledby'] !== undefined)
          labels.push(...attributes['aria-labelledby'].split(' '));
        if (/^h\d$/.test(name)) headings.push(Number(name.slice(1)));
      });
      // HTML's void elements and its doctype are no XML.
      parser.write(page.replace(/<!doctype html>/, '').replaceAll(/<meta ([^>]*)>/g, '<meta $1/>')).close();
      expect(new Set(ids).size).toBe(ids.length);
      expect(labels.filter((label) => !ids.includes(label))).toEqual([]);
      expect(headings.filter((level) => level === 1)).toHaveLength(1);
      for (const [index, level] of headings.entries()) {
        if (index > 0) expect(level - (headings[index - 1] ?? 0)).toBeLessThanOrEqual(1);
      }
    }
  });

  test('draws with a title, a description and a table beside', () => {
    const [page = ''] = pages;
    expect(page).toMatch(
      /<svg class="gantt"[^>]*role="img"[^>]*>\s*<title id="timeline-title">[^<]+<\/title>\s*<desc/,
    );
    expect(page).toMatch(
      /<svg class="chart"[^>]*role="img"[^>]*>\s*<title id="trend-title">[^<]+<\/title>\s*<desc/,
    );
    expect(page.match(/<th role="columnheader" scope="col"/g)?.length).toBeGreaterThan(20);
    for (const part of ['download', 'load data', 'build indexes and constraints'])
      expect(page).toContain(`↳ ${part}`);
  });

  test('shows every part of a drill', () => {
    const headings = (page: string): string[] =>
      [...page.matchAll(/<h2 id="([^"]+)"/g)].map(([, id]) => id ?? '');
    const [green = '', red = ''] = pages;
    expect(headings(green)).toEqual([
      'sign-offs',
      'timeline',
      'checks',
      'tests',
      'comparison',
      'probes',
      'restore-1',
      'trend',
      'place',
      'notes',
      'limits',
    ]);
    expect(headings(red).slice(0, 2)).toEqual(['blockers', 'timeline']);
  });
});

test('the JSON is written last, so that a batch with it is whole', () => {
  expect([...renderDocuments(good).keys()]).toEqual(['.md', '.html', '.junit.xml', '.json']);
});
