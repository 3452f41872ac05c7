/** A player's settings (sound, captions, motion), kept in this browser for all games. */
import type { Settings } from '@escapement/sdk';
import { store, stored } from '../lib/data.ts';

export interface Switches {
  readonly sound: boolean;
  readonly soundVolume: number;
  readonly music: boolean;
  readonly musicVolume: number;
  readonly captions: boolean;
  readonly reducedMotion: boolean;
}

const KEY = 'escapement.settings';

export function loadSwitches(): Switches {
  const saved = stored(KEY);
  const values: Partial<Record<keyof Switches, unknown>> =
    typeof saved === 'object' && saved !== null ? saved : {};
  const flag = (name: keyof Switches, fallback: boolean) => {
    const value = values[name];
    return typeof value === 'boolean' ? value : fallback;
  };
  const volume = (name: keyof Switches, fallback: number) => {
    const value = values[name];
    return typeof value === 'number' && value >= 0 && value <= 1 ? value : fallback;
  };
  return {
    sound: flag('sound', true),
    soundVolume: volume('soundVolume', 0.8),
    music: flag('music', true),
    musicVolume: volume('musicVolume', 0.5),
    captions: flag('captions', false),
    reducedMotion: flag('reducedMotion', matchMedia('(prefers-reduced-motion: reduce)').matches),
  };
}

export function keepSwitches(switches: Switches): void {
  store(KEY, switches);
}

/** The settings as passed to the game: a switch that is off is a volume of 0. */
export function settingsOf(switches: Switches): Settings {
  return {
    soundVolume: switches.sound ? switches.soundVolume : 0,
    musicVolume: switches.music ? switches.musicVolume : 0,
    captions: switches.captions,
    reducedMotion: switches.reducedMotion,
  };
}
