/**
 * Compiles the mail templates: `src/services/mailer/templates/*.mjml` → `*.html.txt` beside them.
 * `--check` writes nothing and fails if a compiled file does not match its source.
 */
import { Glob } from 'bun';
import mjml2html from 'mjml';

/** MJML validates colours, so templates use these for the studio's; the compiled file has placeholders. */
const COLOURS: readonly (readonly [RegExp, string])[] = [
  [/#010101/g, '{{ink}}'],
  [/#fefefe/g, '{{paper}}'],
  [/#a0a0a1/g, '{{accent}}'],
  [/#a0a0a2/g, '{{onAccent}}'],
];

const check = process.argv.includes('--check');
let stale = 0;
for await (const path of new Glob('src/services/mailer/templates/*.mjml').scan()) {
  const { html, errors } = await mjml2html(await Bun.file(path).text(), { validationLevel: 'strict' });
  if (errors.length > 0) throw new Error(errors.map((error) => error.formattedMessage).join('\n'));
  const compiled = COLOURS.reduce((text, [colour, placeholder]) => text.replace(colour, placeholder), html);
  const target = path.replace(/\.mjml$/, '.html.txt');
  const present = await Bun.file(target)
    .text()
    .catch(() => '');
  if (present === compiled) continue;
  stale++;
  if (check) console.error(`${target} does not match ${path}: run npm run mails`);
  else await Bun.write(target, compiled);
}
if (check && stale > 0) process.exitCode = 1;
