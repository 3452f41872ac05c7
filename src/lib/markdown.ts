/** Markdown to HTML. Raw HTML in the text is shown as text, links with scripts are left out. */
import MarkdownIt from 'markdown-it';

const renderer = new MarkdownIt({ html: false, linkify: true, typographer: false });

export function renderMarkdown(markdown: string): string {
  return renderer.render(markdown);
}
