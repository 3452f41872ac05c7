/** The lobby's device check: whether this browser can play, and what helps if not. */
import { after } from './page.real.ts';

type Verdict = 'good' | 'warn' | 'fail' | 'ask';
type Translate = (key: string) => string;

const SOCKET_MS_MAX = 8_000;
/** CSS pixels of the shorter side; phones in use have more. */
const SIDE_MIN = 320;

export function runChecks(socketPath: string, t: Translate): void {
  const list = document.getElementById('check-list');
  if (!list) return;
  list.hidden = false;
  void socketOpens(socketPath).then((opens) =>
    showResult('socket', opens ? 'good' : 'fail', t(opens ? 'socket_good' : 'socket_fail')),
  );
  const storage = storageWorks();
  showResult('storage', storage ? 'good' : 'warn', t(storage ? 'storage_good' : 'storage_warn'));
  checkScreen(t);
  addEventListener('resize', () => checkScreen(t));
  showResult('sound', 'ask', t('sound_ask'));
  document.getElementById('sound-test')?.addEventListener('click', () => {
    void beep().then((played) =>
      showResult('sound', played ? 'good' : 'fail', t(played ? 'sound_good' : 'sound_fail')),
    );
  });
}

function showResult(check: string, verdict: Verdict, text: string): void {
  const row = document.querySelector<HTMLElement>(`[data-check="${check}"]`);
  const result = row?.querySelector('.check-result');
  if (!row || !result) return;
  row.dataset['state'] = verdict;
  if (result.textContent !== text) result.textContent = text;
}

/** Opens a socket and closes it at once; no message is sent. */
function socketOpens(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    let socket: WebSocket;
    try {
      socket = new WebSocket(new URL(path, location.href.replace(/^http/, 'ws')));
    } catch {
      return resolve(false);
    }
    const finish = (opened: boolean) => {
      cancel();
      socket.onopen = socket.onerror = socket.onclose = null;
      socket.close();
      resolve(opened);
    };
    const cancel = after(SOCKET_MS_MAX, () => finish(false));
    socket.onopen = () => finish(true);
    socket.onerror = socket.onclose = () => finish(false);
  });
}

/** Without storage the game runs, but a reload loses moves that have not been sent. */
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
  showResult('screen', fits ? 'good' : 'warn', t(fits ? 'screen_good' : 'screen_warn'));
}

/** Plays two soft notes. Returns false if the browser cannot play sound. */
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
