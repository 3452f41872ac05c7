/**
 * Plays the sounds of `assets/sounds`. Browsers allow sound only after a touch, so everything is
 * loaded at the first one; until a sound is there, asking for it does nothing.
 */
import type { Host } from './game.ts';

const NAMES = [
  'bell',
  'chain',
  'creak',
  'drawer',
  'jam',
  'knock',
  'lantern',
  'page',
  'pipe',
  'place',
  'roll',
  'snore',
  'solved',
  'squeak',
  'strike',
  'take',
  'tick',
  'tock',
  'turn',
  'whirr',
  'wind',
] as const;
export type SoundName = (typeof NAMES)[number];

/** One round of the music, in seconds (see tools/music.ts), and where in its file it is looped from. */
export const MUSIC_ROUND = 16 * 3 * 0.78;
const MUSIC_FROM = 0.25;

/** The five bells, low to high, as rates of the one recorded bell: a pentatonic scale. */
export const BELL_RATES = [0.5, 0.5612, 0.63, 0.7492, 0.8409] as const;
/** Seconds between two notes of the nightingale. */
export const NOTE_GAP = 0.62;

export interface SoundOptions {
  readonly rate?: number;
  readonly gain?: number;
  /** Seconds from now. */
  readonly delay?: number;
}

export interface Sounds {
  play(name: SoundName, options?: SoundOptions): void;
  /** Takes over changed volumes. */
  settle(): void;
  /** To be called at a touch. */
  wake(): void;
  close(): void;
}

export function makeSounds(host: Host): Sounds {
  const buffers = new Map<string, AudioBuffer>();
  let desk: { context: AudioContext; effects: GainNode; music: GainNode } | null = null;

  const load = async (context: AudioContext, name: string): Promise<AudioBuffer | null> => {
    try {
      const answer = await fetch(host.asset(`sounds/${name}.mp3`));
      return await context.decodeAudioData(await answer.arrayBuffer());
    } catch {
      // Without sound the game is still whole: everything heard is also seen.
      return null;
    }
  };
  const loadAll = async (context: AudioContext, music: GainNode): Promise<void> => {
    for (const name of NAMES) {
      const buffer = await load(context, name);
      if (buffer) buffers.set(name, buffer);
    }
    const tune = await load(context, 'music');
    if (!tune || context.state === 'closed') return;
    const source = new AudioBufferSourceNode(context, { buffer: tune, loop: true, loopStart: MUSIC_FROM });
    source.loopEnd = MUSIC_FROM + MUSIC_ROUND;
    source.connect(music);
    source.start(0, MUSIC_FROM);
  };
  const settle = (): void => {
    if (!desk) return;
    const { soundVolume, musicVolume } = host.settings();
    const now = desk.context.currentTime;
    desk.effects.gain.setTargetAtTime(soundVolume, now, 0.05);
    desk.music.gain.setTargetAtTime(musicVolume * 0.5, now, 0.4);
  };
  return {
    settle,
    wake() {
      if (desk) {
        if (desk.context.state === 'suspended') void desk.context.resume();
        return;
      }
      if (typeof AudioContext === 'undefined') return;
      const context = new AudioContext();
      const outlet = (): GainNode => {
        const node = new GainNode(context, { gain: 0 });
        node.connect(context.destination);
        return node;
      };
      desk = { context, effects: outlet(), music: outlet() };
      settle();
      void loadAll(context, desk.music);
    },
    play(name, { rate = 1, gain = 1, delay = 0 } = {}) {
      const buffer = buffers.get(name);
      if (!desk || !buffer || desk.context.state !== 'running') return;
      const level = new GainNode(desk.context, { gain });
      const source = new AudioBufferSourceNode(desk.context, { buffer, playbackRate: rate });
      source.connect(level).connect(desk.effects);
      source.start(desk.context.currentTime + delay);
    },
    close() {
      void desk?.context.close();
      desk = null;
    },
  };
}
