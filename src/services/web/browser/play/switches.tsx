/** @jsxImportSource preact */
/** The settings drawer: sound, music, captions, motion. */
import type { IconName } from '../../components/icon-paths.ts';
import { Drawer } from './drawer.tsx';
import { Icon, useModel } from './parts.tsx';
import type { Switches } from './settings.ts';

type Flag = 'sound' | 'music' | 'captions' | 'reducedMotion';
const SWITCHES: readonly {
  readonly flag: Flag;
  readonly icon: IconName;
  readonly volume?: 'soundVolume' | 'musicVolume';
}[] = [
  { flag: 'sound', icon: 'speaker', volume: 'soundVolume' },
  { flag: 'music', icon: 'note_music', volume: 'musicVolume' },
  { flag: 'captions', icon: 'captions' },
  { flag: 'reducedMotion', icon: 'still' },
];

export function SettingsDrawer() {
  const { t, switches, setSwitches } = useModel();
  const now: Switches = switches();
  return (
    <Drawer name="settings" title={t('tool_settings')}>
      <ul class="switches">
        {SWITCHES.map(({ flag, icon, volume }) => (
          <li key={flag}>
            <button
              type="button"
              role="switch"
              class="switch"
              aria-checked={now[flag]}
              onClick={() => setSwitches({ [flag]: !now[flag] })}
            >
              <Icon name={icon} />
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
