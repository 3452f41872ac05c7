/** Markdown to HTML. Raw HTML is escaped; links with `javascript:` and similar schemes stay plain text. */
import MarkdownIt from 'markdown-it';

const renderer = new MarkdownIt({ html: false, linkify: true, typographer: false });

export function renderMarkdown(markdown: string): string {
  return renderer.render(markdown);
}
