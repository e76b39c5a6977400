import type { ErrorObject } from 'ajv';

/** Everything that a schema found wrong with a document, in one line. */
export function describeSchemaErrors(errors: readonly ErrorObject[] | null | undefined): string {
  const messages = (errors ?? []).map(({ instancePath, message, keyword, params }) => {
    const detail = keyword === 'additionalProperties' ? `: ${JSON.stringify(params.additionalProperty)}` : '';
    return `${instancePath.slice(1).replaceAll('/', '.') || 'the document'} ${message ?? keyword}${detail}`;
  });
  return messages.join('; ');
}
