/** Child process: converts an SVG file to a PNG file. Arguments: the SVG's path, the PNG's path. */
import { createRequire } from 'node:module';
import { Resvg } from '@resvg/resvg-js';

const [svgPath, pngPath] = process.argv.slice(2);
if (!svgPath || !pngPath) throw new Error('usage: card.child.ts <svg> <png>');
const fonts = createRequire(import.meta.url);
const image = new Resvg(await Bun.file(svgPath).text(), {
  font: {
    loadSystemFonts: false,
    fontFiles: ['500Medium/Besley_500Medium', '700Bold/Besley_700Bold'].map((name) =>
      fonts.resolve(`@expo-google-fonts/besley/${name}.ttf`),
    ),
    defaultFontFamily: 'Besley',
  },
});
await Bun.write(pngPath, image.render().asPng());
