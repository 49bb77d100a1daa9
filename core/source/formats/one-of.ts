import type { Format } from '../../plugin.ts';
import { err, type Result } from '../../result.ts';
import { refusal, type Dataset } from './parsed.ts';

/** The first form that the file has. A file that is cut, too large or otherwise bad in one form is no file of the others. */
export function parseOneOf(formats: readonly Format[], parse: (format: Format) => Result<Dataset>): Result<Dataset> {
  const messages: string[] = [];
  for (const format of formats) {
    const parsed = parse(format);
    if (parsed.ok || parsed.error.code !== 'not_the_expected_format') return parsed;
    messages.push(parsed.error.message);
  }
  return err(refusal('not_the_expected_format', [...new Set(messages)].join('; or: ')));
}
