/** @jsxImportSource preact */
/** Sound, music, captions, motion: kept in this browser. */
import type { SignName } from '../../icon-paths.ts';
import { Drawer } from './drawer.tsx';
import { Sign, useModel } from './parts.tsx';
import type { Switches } from './settings.ts';

type Flag = 'sound' | 'music' | 'captions' | 'reducedMotion';
const SWITCHES: readonly {
  readonly flag: Flag;
  readonly sign: SignName;
  readonly volume?: 'soundVolume' | 'musicVolume';
}[] = [
  { flag: 'sound', sign: 'speaker', volume: 'soundVolume' },
  { flag: 'music', sign: 'note_music', volume: 'musicVolume' },
  { flag: 'captions', sign: 'captions' },
  { flag: 'reducedMotion', sign: 'still' },
];

export function SettingsDrawer() {
  const { t, switches, setSwitches } = useModel();
  const now: Switches = switches();
  return (
    <Drawer name="settings" title={t('tool_settings')}>
      <ul class="switches">
        {SWITCHES.map(({ flag, sign, volume }) => (
          <li key={flag}>
            <button
              type="button"
              role="switch"
              class="switch"
              aria-checked={now[flag]}
              onClick={() => setSwitches({ [flag]: !now[flag] })}
            >
              <Sign name={sign} />
              <span class="switch-name">{t(`switch_${flag}`)}</span>
              <span class="switch-track" />
            </button>
            {volume && (
              <input
                type="range"
                class="volume"
                min="0"
                max="1"
                step="0.05"
                value={now[volume]}
                disabled={!now[flag]}
                aria-label={t(`volume_${flag}`)}
                onInput={(event) => setSwitches({ [volume]: Number(event.currentTarget.value) })}
              />
            )}
          </li>
        ))}
      </ul>
      <p class="quiet">{t('switches_note')}</p>
    </Drawer>
  );
}
