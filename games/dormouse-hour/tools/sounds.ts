/**
 * Makes all sounds of the game: `bun tools/sounds.ts` writes `assets/sounds/*.mp3`. The same source
 * gives the same files.
 *
 * MP3 puts some silence before and after. For the music that would be a gap, so its file holds the
 * round twice over its ends, and the client loops a stretch of exactly one round out of the middle.
 */
import { join } from 'node:path';
import { createMp3Encoder } from 'wasm-media-encoders';
import { levelled, RATE, type Samples } from './dsp.ts';
import { EFFECTS } from './effects.ts';
import { music } from './music.ts';

const FOLDER = join(import.meta.dir, '../assets/sounds');
/** Seconds of the round's end before it, and of its beginning behind it. */
const OVERLAP = 0.5;

async function encode(samples: Samples, bitrate: 48 | 64): Promise<Uint8Array> {
  const encoder = await createMp3Encoder();
  encoder.configure({ sampleRate: RATE, channels: 1, bitrate });
  // What the encoder gives out is its own memory: copy before asking again.
  const first = encoder.encode([samples]).slice();
  const rest = encoder.finalize().slice();
  return new Uint8Array([...first, ...rest]);
}

function overlapped(round: Samples): Samples {
  const extra = Math.round(OVERLAP * RATE);
  const out = new Float32Array(round.length + 2 * extra);
  for (let index = 0; index < out.length; index++) {
    out[index] = round[(index - extra + round.length) % round.length] ?? 0;
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
  await write(name, await encode(levelled(make(), 0.85), 48));
await write('music', await encode(overlapped(levelled(music(), 0.7)), 64));
console.log(`together ${(total / 1024).toFixed(0)} KB`);
