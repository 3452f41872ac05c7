/** @jsxImportSource preact */
/** Chat: the log's lines, and one's own that are still on their way. */
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { clockText } from '../../end-view.ts';
import { Drawer } from './drawer.tsx';
import { Mark, Sign, useModel, usePlayer } from './parts.tsx';

const LINE_LENGTH_MAX = 500;

interface Waiting {
  readonly text: string;
  /** Seq of the newest line when it was written: its echo is later. */
  readonly after: number;
}

export function ChatDrawer() {
  const { session, t } = useModel();
  const player = usePlayer();
  const [waiting, setWaiting] = useState<readonly Waiting[]>([]);
  const end = useRef<HTMLDivElement>(null);
  const lines = session.chat();
  const own = session.seat();
  const still = waiting.filter(
    ({ text, after }) => !lines.some((line) => line.seq > after && line.seat === own && line.text === text),
  );
  useLayoutEffect(() => end.current?.scrollIntoView({ block: 'nearest' }), [lines.at(-1)?.seq, still.length]);
  return (
    <Drawer name="chat" title={t('tool_chat')}>
      <div class="chat-lines" role="log" aria-live="polite" aria-label={t('tool_chat')}>
        {lines.length + still.length === 0 && <p class="quiet">{t('chat_empty')}</p>}
        {lines.map((line) => (
          <p key={line.seq} class={line.seat === own ? 'chat-line chat-own' : 'chat-line'}>
            <span class="chat-who">
              <Mark colour={player(line.seat).colour} />
              {line.seat === own ? t('you') : player(line.seat).name}
              <time>{clockText(line.ms)}</time>
            </span>
            <span class="chat-text">{line.text}</span>
          </p>
        ))}
        {still.map(({ text, after }) => (
          <p key={`${after} ${text}`} class="chat-line chat-own is-waiting">
            <span class="chat-who">{t('chat_sending')}</span>
            <span class="chat-text">{text}</span>
          </p>
        ))}
        <div ref={end} />
      </div>
      {!session.observer() && (
        <ChatForm
          onSend={(text) => {
            setWaiting([...still, { text, after: lines.at(-1)?.seq ?? 0 }]);
            session.sendChat(text);
          }}
        />
      )}
    </Drawer>
  );
}

function ChatForm({ onSend }: { readonly onSend: (text: string) => void }) {
  const { t } = useModel();
  const field = useRef<HTMLInputElement>(null);
  return (
    <form
      class="line-form"
      onSubmit={(event) => {
        event.preventDefault();
        const text = field.current?.value.trim() ?? '';
        if (!field.current || text === '') return;
        field.current.value = '';
        onSend(text);
      }}
    >
      <input
        ref={field}
        type="text"
        aria-label={t('chat_write')}
        placeholder={t('chat_write')}
        maxLength={LINE_LENGTH_MAX}
        autoComplete="off"
        enterKeyHint="send"
      />
      <button type="submit" class="icon-button">
        <Sign name="send" />
        <span class="visually-hidden">{t('chat_send')}</span>
      </button>
    </form>
  );
}
