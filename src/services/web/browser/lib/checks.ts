/** The device check of the lobby: can this browser play, and if not, what helps, in plain words. */
import { after } from './page.real.ts';

type Verdict = 'good' | 'warn' | 'fail' | 'ask';
type Translate = (key: string) => string;

const SOCKET_MS_MAX = 8_000;
/** Smaller than any phone of the last years. */
const SIDE_MIN = 320;

export function runChecks(socketPath: string, t: Translate): void {
  const list = document.getElementById('check-list');
  if (!list) return;
  list.hidden = false;
  void socketOpens(socketPath).then((opens) =>
    tell('socket', opens ? 'good' : 'fail', t(opens ? 'socket_good' : 'socket_fail')),
  );
  const storage = storageWorks();
  tell('storage', storage ? 'good' : 'warn', t(storage ? 'storage_good' : 'storage_warn'));
  checkScreen(t);
  addEventListener('resize', () => checkScreen(t));
  tell('sound', 'ask', t('sound_ask'));
  document.getElementById('sound-test')?.addEventListener('click', () => {
    void beep().then((played) =>
      tell('sound', played ? 'good' : 'fail', t(played ? 'sound_good' : 'sound_fail')),
    );
  });
}

function tell(check: string, verdict: Verdict, text: string): void {
  const row = document.querySelector<HTMLElement>(`[data-check="${check}"]`);
  const result = row?.querySelector('.check-result');
  if (!row || !result) return;
  row.dataset['state'] = verdict;
  if (result.textContent !== text) result.textContent = text;
}

/** An opened socket is enough: nothing is said on it, and it is closed at once. */
function socketOpens(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    let socket: WebSocket;
    try {
      socket = new WebSocket(new URL(path, location.href.replace(/^http/, 'ws')));
    } catch {
      return resolve(false);
    }
    const end = (opened: boolean) => {
      cancel();
      socket.onopen = socket.onerror = socket.onclose = null;
      socket.close();
      resolve(opened);
    };
    const cancel = after(SOCKET_MS_MAX, () => end(false));
    socket.onopen = () => end(true);
    socket.onerror = socket.onclose = () => end(false);
  });
}

/** Without storage the game runs, but moves not yet sent are lost with a reload. */
function storageWorks(): boolean {
  try {
    localStorage.setItem('escapement.check', '1');
    localStorage.removeItem('escapement.check');
    return 'indexedDB' in window;
  } catch {
    return false;
  }
}

function checkScreen(t: Translate): void {
  const fits = Math.min(innerWidth, innerHeight) >= SIDE_MIN;
  tell('screen', fits ? 'good' : 'warn', t(fits ? 'screen_good' : 'screen_warn'));
}

/** Two soft notes. False when the browser has no sound at all. */
async function beep(): Promise<boolean> {
  try {
    const context = new AudioContext();
    await context.resume();
    for (const [index, pitch] of [523.25, 783.99].entries()) {
      const from = context.currentTime + index * 0.18;
      const tone = new OscillatorNode(context, { frequency: pitch, type: 'triangle' });
      const volume = new GainNode(context, { gain: 0 });
      volume.gain.setValueAtTime(0.0001, from);
      volume.gain.exponentialRampToValueAtTime(0.25, from + 0.02);
      volume.gain.exponentialRampToValueAtTime(0.0001, from + 0.7);
      tone.connect(volume).connect(context.destination);
      tone.start(from);
      tone.stop(from + 0.8);
    }
    after(1_500, () => void context.close());
    return true;
  } catch {
    return false;
  }
}
