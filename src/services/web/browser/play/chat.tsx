/** @jsxImportSource preact */
/** The chat drawer: the lines in the log, and own lines that have not been echoed yet. */
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { clockText } from '../../end/end-view.ts';
import { Drawer } from './drawer.tsx';
import { SeatIcon, Icon, useModel, usePlayer } from './parts.tsx';

const LINE_LENGTH_MAX = 500;

interface UnconfirmedLine {
  readonly text: string;
  /** Seq of the newest line when it was written; its echo has a higher one. */
  readonly after: number;
}

export function ChatDrawer() {
  const { session, t } = useModel();
  const player = usePlayer();
  const [sent, setSent] = useState<readonly UnconfirmedLine[]>([]);
  const end = useRef<HTMLDivElement>(null);
  const lines = session.chat();
  const own = session.seat();
  const unconfirmed = sent.filter(
    ({ text, after }) => !lines.some((line) => line.seq > after && line.seat === own && line.text === text),
  );
  useLayoutEffect(
    () => end.current?.scrollIntoView({ block: 'nearest' }),
    [lines.at(-1)?.seq, unconfirmed.length],
  );
  return (
    <Drawer name="chat" title={t('tool_chat')}>
      <div class="chat-lines" role="log" aria-live="polite" aria-label={t('tool_chat')}>
        {lines.length + unconfirmed.length === 0 && <p class="quiet">{t('chat_empty')}</p>}
        {lines.map((line) => (
          <p key={line.seq} class={line.seat === own ? 'chat-line chat-own' : 'chat-line'}>
            <span class="chat-who">
              <SeatIcon colour={player(line.seat).colour} />
              {line.seat === own ? t('you') : player(line.seat).name}
              <time>{clockText(line.ms)}</time>
            </span>
            <span class="chat-text">{line.text}</span>
          </p>
        ))}
        {unconfirmed.map(({ text, after }) => (
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
            setSent([...unconfirmed, { text, after: lines.at(-1)?.seq ?? 0 }]);
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
        <Icon name="send" />
        <span class="visually-hidden">{t('chat_send')}</span>
      </button>
    </form>
  );
}
