import { registerHooks } from 'node:module';
import type * as Parser from '@actions/workflow-parser';

/** What GitHub's own parser finds wrong with a workflow. */
export async function workflowErrors(text: string): Promise<readonly string[]> {
  const { convertWorkflowTemplate, NoOperationTraceWriter, parseWorkflow } = await parser();
  const file = { name: 'workflow.yaml', content: text };
  const { context, value } = parseWorkflow(file, new NoOperationTraceWriter());
  const template = value === undefined ? undefined : await convertWorkflowTemplate(context, value);
  return [
    ...context.errors.getErrors().map(({ message }) => message),
    ...(template?.errors ?? []).map(({ Message: message }) => message),
  ];
}

/** It imports JSON without saying that it is JSON, which bundlers pass over and Node refuses. */
async function parser(): Promise<typeof Parser> {
  const hooks = registerHooks({
    load: (url, context, next) =>
      next(url, url.endsWith('.json') ? { ...context, importAttributes: { type: 'json' } } : context),
  });
  try {
    return await import('@actions/workflow-parser');
  } finally {
    hooks.deregister();
  }
}
