/**
 * Generates all sounds of the game: `bun tools/sounds.ts` writes `assets/sounds/*.mp3`. The same source gives
 * the same bytes.
 *
 * MP3 encoders add silence at both ends, which would be a gap in the music's loop. So the music's file begins
 * with the end of the loop and ends with its beginning, and the client loops exactly one length inside the
 * file.
 */
import { join } from 'node:path';
import { createMp3Encoder } from 'wasm-media-encoders';
import { normalise, RATE, type Samples } from './dsp.ts';
import { EFFECTS } from './effects.ts';
import { music } from './music.ts';

const FOLDER = join(import.meta.dir, '../assets/sounds');
/** Length of what is added before and after the loop. */
const OVERLAP_S = 0.5;

async function encode(samples: Samples, bitrate: 48 | 64): Promise<Uint8Array> {
  const encoder = await createMp3Encoder();
  encoder.configure({ sampleRate: RATE, channels: 1, bitrate });
  // The encoder returns views of its own memory: copy them before the next call.
  const first = encoder.encode([samples]).slice();
  const rest = encoder.finalize().slice();
  return new Uint8Array([...first, ...rest]);
}

function withOverlap(loop: Samples): Samples {
  const extra = Math.round(OVERLAP_S * RATE);
  const out = new Float32Array(loop.length + 2 * extra);
  for (let index = 0; index < out.length; index++) {
    out[index] = loop[(index - extra + loop.length) % loop.length] ?? 0;
  }
  return out;
}

let total = 0;
async function write(name: string, bytes: Uint8Array): Promise<void> {
  await Bun.write(join(FOLDER, `${name}.mp3`), bytes);
  total += bytes.length;
  console.log(`${name}.mp3 ${(bytes.length / 1024).toFixed(1)} KB`);
}

for (const [name, make] of Object.entries(EFFECTS))
  await write(name, await encode(normalise(make(), 0.85), 48));
await write('music', await encode(withOverlap(normalise(music(), 0.7)), 64));
console.log(`together ${(total / 1024).toFixed(0)} KB`);
