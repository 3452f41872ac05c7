/** Markdown cannot inject markup or scripts. */
import { expect, test } from 'bun:test';
import { renderMarkdown } from './markdown.ts';

test('headings, paragraphs and links become HTML', () => {
  expect(renderMarkdown('# A\n\nb [c](/d)')).toBe('<h1>A</h1>\n<p>b <a href="/d">c</a></p>\n');
});

test('raw HTML is escaped, and a link with a script stays plain text', () => {
  expect(renderMarkdown('<script>x()</script>')).not.toContain('<script');
  expect(renderMarkdown('[a](javascript:x)')).not.toContain('href');
});
