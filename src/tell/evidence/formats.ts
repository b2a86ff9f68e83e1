import type { DrillEvidence } from '../../language/generated/drill-evidence.types.ts';

type Render = (evidence: DrillEvidence) => string;

/** Every format of a drill's document, in the order of the help; each is read only when it is asked for. */
export const documentFormats = {
  text: async () => (await import('./text-document.ts')).renderText,
  markdown: async () => (await import('./markdown-document.ts')).renderMarkdown,
  json: async () => (await import('./documents.ts')).renderJson,
  html: async () => (await import('./page/page.ts')).renderPage,
  junit: async () => (await import('./junit-document.ts')).renderJunit,
} as const satisfies Readonly<Record<string, () => Promise<Render>>>;

export type DocumentFormat = keyof typeof documentFormats;
export const documentFormatNames = Object.keys(documentFormats) as readonly DocumentFormat[];
