/**
 * Plays the sounds of `assets/sounds`. Browsers allow audio only after the first press on the page, so all
 * sounds are loaded then. Playing a sound that is not loaded does nothing.
 */
import type { Host } from './view-model.ts';

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

/** Length of the music's loop (16 bars, 3 beats, 0.78 s; see tools/music.ts), and its start in the file. */
const MUSIC_LOOP_S = 16 * 3 * 0.78;
const MUSIC_LOOP_START_S = 0.25;

/** Playback rates of the five bells, low to high: a pentatonic scale from one recorded bell. */
export const BELL_RATES = [0.5, 0.5612, 0.63, 0.7492, 0.8409] as const;
/** Time between two notes of the nightingale. */
export const NOTE_GAP_S = 0.62;

export interface SoundOptions {
  readonly rate?: number;
  readonly gain?: number;
  /** Seconds. */
  readonly delay?: number;
}

export interface Sounds {
  play(name: SoundName, options?: SoundOptions): void;
  /** Applies the volumes of the settings. */
  updateVolumes(): void;
  /** Starts audio and loads the sounds. Must be called in a handler of a pointer or key event. */
  unlock(): void;
  close(): void;
}

export function makeSounds(host: Host): Sounds {
  const buffers = new Map<string, AudioBuffer>();
  let mixer: { context: AudioContext; effects: GainNode; music: GainNode } | null = null;

  const load = async (context: AudioContext, name: string): Promise<AudioBuffer | null> => {
    try {
      const response = await fetch(host.asset(`sounds/${name}.mp3`));
      return await context.decodeAudioData(await response.arrayBuffer());
    } catch {
      // The game can be played without sound: everything audible is also visible.
      return null;
    }
  };
  const loadAll = async (context: AudioContext, music: GainNode): Promise<void> => {
    for (const name of NAMES) {
      const buffer = await load(context, name);
      if (buffer) buffers.set(name, buffer);
    }
    const buffer = await load(context, 'music');
    if (!buffer || context.state === 'closed') return;
    const source = new AudioBufferSourceNode(context, { buffer, loop: true, loopStart: MUSIC_LOOP_START_S });
    source.loopEnd = MUSIC_LOOP_START_S + MUSIC_LOOP_S;
    source.connect(music);
    source.start(0, MUSIC_LOOP_START_S);
  };
  const updateVolumes = (): void => {
    if (!mixer) return;
    const { soundVolume, musicVolume } = host.settings();
    const now = mixer.context.currentTime;
    mixer.effects.gain.setTargetAtTime(soundVolume, now, 0.05);
    mixer.music.gain.setTargetAtTime(musicVolume * 0.5, now, 0.4);
  };
  return {
    updateVolumes,
    unlock() {
      if (mixer) {
        if (mixer.context.state === 'suspended') void mixer.context.resume();
        return;
      }
      if (typeof AudioContext === 'undefined') return;
      const context = new AudioContext();
      const makeBus = (): GainNode => {
        const node = new GainNode(context, { gain: 0 });
        node.connect(context.destination);
        return node;
      };
      mixer = { context, effects: makeBus(), music: makeBus() };
      updateVolumes();
      void loadAll(context, mixer.music);
    },
    play(name, { rate = 1, gain = 1, delay = 0 } = {}) {
      const buffer = buffers.get(name);
      if (!mixer || !buffer || mixer.context.state !== 'running') return;
      const level = new GainNode(mixer.context, { gain });
      const source = new AudioBufferSourceNode(mixer.context, { buffer, playbackRate: rate });
      source.connect(level).connect(mixer.effects);
      source.start(mixer.context.currentTime + delay);
    },
    close() {
      void mixer?.context.close();
      mixer = null;
    },
  };
}
