/** Markdown of settings cannot bring markup or scripts of its own. */
import { expect, test } from 'bun:test';
import { renderMarkdown } from './markdown.ts';

test('headings, paragraphs and links become HTML', () => {
  expect(renderMarkdown('# A\n\nb [c](/d)')).toBe('<h1>A</h1>\n<p>b <a href="/d">c</a></p>\n');
});

test('raw HTML is shown as text, and a link with a script is none', () => {
  expect(renderMarkdown('<script>x()</script>')).not.toContain('<script');
  expect(renderMarkdown('[a](javascript:x)')).not.toContain('href');
});
